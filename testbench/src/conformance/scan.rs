//! Finds the ids that tests carry.
//!
//! A test target is a file of a `tests` folder with the modules it names. Its items (functions, constants) are cut out with
//! their comments; an item mentions the ids in its comments, strings and name. What counts are tests and the items that they
//! use, directly or through others; an item is used when its name is written. Ignored tests use nothing. `//!` heads mention
//! nothing, as they belong to no test.
//!
//! In names `tcp_21_22_accept_64` means TCP-21 and TCP-22: two octets of number behind a prefix, ended by any other word; the
//! data widths at the end are left out.

use super::rows::PREFIXES;
use super::ConformanceError;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// Folders whose tests run the emitted hardware.
const HARDWARE: [&str; 3] = ["testbench/tests", "sim/tests", "tests"];
/// Folders in which ids must exist, besides.
const OTHER: [&str; 2] = ["testbench/src", "hdl/src"];
/// Data widths, as the ends of test names.
pub const WIDTHS: [&str; 4] = ["64", "128", "256", "512"];

/// What was found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Items (`target::item`) that mention an id and are run by a test.
    pub tests: BTreeMap<String, BTreeSet<String>>,
    /// Every id written anywhere, with one file where it stands.
    pub written: BTreeMap<String, String>,
}

impl Scan {
    /// Scans the repository at `root`.
    pub fn repository(root: &Path) -> Result<Self, ConformanceError> {
        let mut scan = Scan::default();
        for folder in HARDWARE {
            let dir = root.join(folder);
            for entry in list(&dir)? {
                let main = entry.join("main.rs");
                let target = if entry.extension().is_some_and(|e| e == "rs") {
                    entry.clone()
                } else if main.is_file() {
                    main
                } else {
                    continue;
                };
                let name = entry.file_stem().unwrap_or_default().to_string_lossy();
                let mut items = Vec::new();
                collect(&target, true, &mut items)?;
                scan.target(&name, &items);
            }
        }
        for folder in HARDWARE.iter().chain(&OTHER) {
            let mut files = Vec::new();
            walk(&root.join(folder), &mut files)?;
            for file in files {
                let place = file
                    .strip_prefix(root)
                    .unwrap_or(&file)
                    .display()
                    .to_string();
                for id in ids_written(&read(&file)?) {
                    scan.written.entry(id).or_insert_with(|| place.clone());
                }
            }
        }
        Ok(scan)
    }

    /// Adds the tests of one target.
    fn target(&mut self, name: &str, items: &[Item]) {
        let mut by_name: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for i in items {
            by_name.entry(&i.name).or_default().push(i);
        }
        for test in items.iter().filter(|i| i.test && !i.ignored) {
            let mut seen: BTreeSet<&str> = BTreeSet::from([test.name.as_str()]);
            let mut queue = VecDeque::from([test]);
            while let Some(item) = queue.pop_front() {
                for id in &item.ids {
                    let full = format!("{name}::{}", item.name);
                    self.tests.entry(id.clone()).or_default().insert(full);
                }
                for used in &item.uses {
                    let Some(found) = by_name.get(used.as_str()) else {
                        continue;
                    };
                    if seen.insert(used) {
                        queue.extend(found.iter().filter(|i| !i.test));
                    }
                }
            }
        }
    }
}

fn read(path: &Path) -> Result<String, ConformanceError> {
    std::fs::read_to_string(path).map_err(|source| ConformanceError::File {
        path: path.display().to_string(),
        source,
    })
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, ConformanceError> {
    let fail = |source| ConformanceError::File {
        path: dir.display().to_string(),
        source,
    };
    let mut all = Vec::new();
    for e in std::fs::read_dir(dir).map_err(fail)? {
        all.push(e.map_err(fail)?.path());
    }
    all.sort();
    Ok(all)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), ConformanceError> {
    for p in list(dir)? {
        if p.is_dir() {
            walk(&p, files)?;
        } else if p.extension().is_some_and(|e| e == "rs") {
            files.push(p);
        }
    }
    Ok(())
}

/// Items of a file and of the modules it names.
fn collect(file: &Path, root: bool, items: &mut Vec<Item>) -> Result<(), ConformanceError> {
    let parsed = parse(&read(file)?);
    items.extend(parsed.items);
    let dir = file.parent().unwrap_or(Path::new("."));
    let stem = file.file_stem().unwrap_or_default();
    let home = if root || stem == "mod" {
        dir.to_path_buf()
    } else {
        dir.join(stem)
    };
    for (name, path) in parsed.modules {
        let places = match path {
            Some(p) => vec![dir.join(p)],
            None => vec![
                home.join(format!("{name}.rs")),
                home.join(&name).join("mod.rs"),
            ],
        };
        if let Some(p) = places.iter().find(|p| p.is_file()) {
            collect(p, false, items)?;
        }
    }
    Ok(())
}

/// A function or constant.
#[derive(Debug, Default, PartialEq)]
struct Item {
    name: String,
    test: bool,
    ignored: bool,
    ids: BTreeSet<String>,
    uses: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Parsed {
    items: Vec<Item>,
    /// Modules in files of their own, with the path given for them.
    modules: Vec<(String, Option<String>)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Comment(String),
    Text(String),
    Word(String),
    Mark(char),
}

fn parse(source: &str) -> Parsed {
    let tokens = tokens(source);
    let mut out = Parsed::default();
    // Comments and attribute words in front of the item to come.
    let (mut comments, mut attributes): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        match &tokens[i] {
            Token::Comment(c) => comments.push(c.clone()),
            Token::Mark('#') => {
                let end = attribute_end(&tokens, i);
                for t in &tokens[i..end] {
                    match t {
                        Token::Word(w) => attributes.push(w.clone()),
                        Token::Text(s) => attributes.push(format!("\"{s}")),
                        _ => {}
                    }
                }
                i = end;
                continue;
            }
            Token::Word(w) if w == "fn" || w == "const" || w == "static" => {
                if let Some(Token::Word(name)) = tokens.get(i + 1) {
                    if name != "fn" {
                        let end = item_end(&tokens, i + 2, w == "fn");
                        let item = item(name, &tokens[i + 2..end], &comments, &attributes);
                        out.items.push(item);
                        comments.clear();
                        attributes.clear();
                        i = end;
                        continue;
                    }
                }
            }
            Token::Word(w) if w == "mod" => {
                if let (Some(Token::Word(name)), Some(Token::Mark(';'))) =
                    (tokens.get(i + 1), tokens.get(i + 2))
                {
                    let path = attributes
                        .iter()
                        .position(|a| a == "path")
                        .and_then(|p| attributes.get(p + 1))
                        .and_then(|p| p.strip_prefix('"'))
                        .map(str::to_string);
                    out.modules.push((name.clone(), path));
                }
            }
            Token::Mark('{' | '}' | ';') => {
                comments.clear();
                attributes.clear();
            }
            _ => {}
        }
        i += 1;
    }
    out
}

fn attribute_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0;
    for (i, t) in tokens.iter().enumerate().skip(at + 1) {
        match t {
            Token::Mark('[') => depth += 1,
            Token::Mark(']') if depth == 1 => return i + 1,
            Token::Mark(']') => depth -= 1,
            Token::Mark('!') => {}
            _ if depth == 0 => return i,
            _ => {}
        }
    }
    tokens.len()
}

/// Behind the body of a function, or behind the `;` of a constant.
fn item_end(tokens: &[Token], at: usize, function: bool) -> usize {
    let mut depth = 0;
    for (i, t) in tokens.iter().enumerate().skip(at) {
        match t {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']') => depth -= 1,
            Token::Mark('}') => {
                depth -= 1;
                if depth == 0 && function {
                    return i + 1;
                }
            }
            Token::Mark(';') if depth == 0 => return i + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn item(name: &str, body: &[Token], comments: &[String], attributes: &[String]) -> Item {
    let mut item = Item {
        name: name.to_string(),
        test: attributes.iter().any(|a| a == "test"),
        ignored: attributes.iter().any(|a| a == "ignore"),
        ids: ids_of_name(name),
        ..Item::default()
    };
    for c in comments {
        item.ids.extend(ids_in(c));
    }
    for t in body {
        match t {
            Token::Comment(s) | Token::Text(s) => item.ids.extend(ids_in(s)),
            Token::Word(w) => {
                item.uses.insert(w.clone());
            }
            Token::Mark(_) => {}
        }
    }
    item
}

/// Ids in a text, written in full.
fn ids_in(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let b = text.as_bytes();
    for (at, _) in text.match_indices('-') {
        let Some(from) = at.checked_sub(3) else {
            continue;
        };
        let Some(prefix) = PREFIXES.iter().find(|p| b[from..at] == *p.as_bytes()) else {
            continue;
        };
        let number: Vec<u8> = b[at + 1..]
            .iter()
            .take(3)
            .take_while(|c| c.is_ascii_alphanumeric())
            .copied()
            .collect();
        let starts = from == 0 || !(b[from - 1].is_ascii_alphanumeric() || b[from - 1] == b'-');
        if starts && is_number(&number) {
            found.insert(format!("{prefix}-{}", String::from_utf8_lossy(&number)));
        }
    }
    found
}

fn is_number(n: &[u8]) -> bool {
    matches!(n, [a, b] if a.is_ascii_digit() && (b.is_ascii_digit() || b.is_ascii_uppercase()))
}

/// Ids in the name of an item.
fn ids_of_name(name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut words: Vec<String> = name.split('_').map(str::to_uppercase).collect();
    while words.last().is_some_and(|w| WIDTHS.contains(&w.as_str())) {
        words.pop();
    }
    let mut prefix = None;
    for w in &words {
        if let Some(p) = PREFIXES.iter().find(|p| *p == w) {
            prefix = Some(*p);
        } else if let (Some(p), true) = (prefix, is_number(w.as_bytes())) {
            found.insert(format!("{p}-{w}"));
        } else {
            prefix = None;
        }
    }
    found
}

/// All ids of a source: of names, comments (heads too) and strings.
fn ids_written(source: &str) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = parse(source)
        .items
        .into_iter()
        .flat_map(|i| i.ids)
        .collect();
    found.extend(ids_in(source));
    found
}

fn tokens(source: &str) -> Vec<Token> {
    let c: Vec<char> = source.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    let text = |from: usize, to: usize| c[from.min(c.len())..to.min(c.len())].iter().collect();
    while i < c.len() {
        let next = c.get(i + 1).copied().unwrap_or(' ');
        match c[i] {
            '/' if next == '/' => {
                let end = (i..c.len()).find(|j| c[*j] == '\n').unwrap_or(c.len());
                if c.get(i + 2) != Some(&'!') {
                    out.push(Token::Comment(text(i, end)));
                }
                i = end;
            }
            '/' if next == '*' => {
                let end = block_comment_end(&c, i);
                out.push(Token::Comment(text(i, end)));
                i = end;
            }
            '"' => {
                let end = string_end(&c, i + 1);
                out.push(Token::Text(text(i + 1, end - 1)));
                i = end;
            }
            'r' if next == '"' || next == '#' => match raw_string(&c, i + 1) {
                Some((from, to, end)) => {
                    out.push(Token::Text(text(from, to)));
                    i = end;
                }
                None => i = word(&c, i, &mut out),
            },
            '\'' => i = quote_end(&c, i),
            ch if ch.is_alphanumeric() || ch == '_' => i = word(&c, i, &mut out),
            ch if ch.is_whitespace() => i += 1,
            ch => {
                out.push(Token::Mark(ch));
                i += 1;
            }
        }
    }
    out
}

fn word(c: &[char], at: usize, out: &mut Vec<Token>) -> usize {
    let end = (at..c.len())
        .find(|j| !(c[*j].is_alphanumeric() || c[*j] == '_'))
        .unwrap_or(c.len());
    out.push(Token::Word(c[at..end].iter().collect()));
    end
}

fn block_comment_end(c: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i + 1 < c.len() {
        match (c[i], c[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => {
                (depth, i) = (depth - 1, i + 2);
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    c.len()
}

/// Behind the closing quote.
fn string_end(c: &[char], mut i: usize) -> usize {
    while i < c.len() {
        match c[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    c.len() + 1
}

/// Content and end of `r"..."` or `r#"..."#`; `at` is behind the r.
fn raw_string(c: &[char], at: usize) -> Option<(usize, usize, usize)> {
    let hashes = c[at..].iter().take_while(|x| **x == '#').count();
    let from = at + hashes + 1;
    if c.get(from - 1) != Some(&'"') {
        return None;
    }
    let end = (from..c.len())
        .find(|j| c[*j] == '"' && c[j + 1..].iter().take_while(|x| **x == '#').count() >= hashes)?;
    Some((from, end, end + 1 + hashes))
}

/// Behind a character literal, or behind the quote of a lifetime.
fn quote_end(c: &[char], at: usize) -> usize {
    match (c.get(at + 1), c.get(at + 2)) {
        (Some('\\'), _) => (at + 3..c.len())
            .find(|j| c[*j] == '\'')
            .map_or(c.len(), |j| j + 1),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
