//! The rows of the two requirement tables.

use super::ConformanceError;

/// One row. `source` and `test` are its columns of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: String,
    pub requirement: String,
    pub section: String,
    pub level: String,
    pub who: String,
    pub test: String,
    /// Code that the row expects; the TCP table has none.
    pub error: String,
    pub source: String,
    pub group: String,
}

impl Row {
    /// The column `who` names the receiver.
    pub fn is_receiver(&self) -> bool {
        self.who.split_whitespace().any(|w| w == "rx")
    }

    /// The column `who` names the sender alone.
    pub fn is_sender(&self) -> bool {
        self.who.split_whitespace().last() == Some("tx")
    }
}

/// Prefixes of all ids.
pub const PREFIXES: [&str; 10] = [
    "MPA", "ENH", "DDP", "RDM", "EXT", "SEC", "SCT", "REG", "VRB", "TCP",
];

const FILES: [(&str, &str); 2] = [
    (
        "requirements.csv",
        include_str!("../../conformance/requirements.csv"),
    ),
    (
        "toe_requirements.csv",
        include_str!("../../conformance/toe_requirements.csv"),
    ),
];

/// All rows in the order of the files.
pub fn load() -> Result<Vec<Row>, ConformanceError> {
    let mut rows: Vec<Row> = Vec::new();
    for (file, text) in FILES {
        for row in parse(file, text)? {
            if rows.iter().any(|r| r.id == row.id) {
                let what = format!("{} is there twice", row.id);
                return Err(ConformanceError::Csv {
                    file,
                    line: 0,
                    what,
                });
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

fn parse(file: &'static str, text: &str) -> Result<Vec<Row>, ConformanceError> {
    let fail = |line: usize, what: String| ConformanceError::Csv { file, line, what };
    let mut records = records(text).into_iter();
    let Some((_, head)) = records.next() else {
        return Err(fail(1, "no head line".into()));
    };
    let column = |name: &str| head.iter().position(|h| h == name);
    let wanted = [
        "id",
        "requirement",
        "section",
        "level",
        "who",
        "test",
        "source",
        "group",
    ];
    let mut at = Vec::new();
    for name in wanted {
        at.push(column(name).ok_or_else(|| fail(1, format!("no column {name}")))?);
    }
    let error = column("error");
    let mut rows = Vec::new();
    for (line, r) in records {
        if r.len() != head.len() {
            let what = format!("{} fields, the head has {}", r.len(), head.len());
            return Err(fail(line, what));
        }
        let get = |i: usize| r[at[i]].clone();
        let known = get(0)
            .split_once('-')
            .is_some_and(|(p, n)| PREFIXES.contains(&p) && n.len() == 2);
        if !known {
            return Err(fail(line, format!("{:?} is no id", get(0))));
        }
        rows.push(Row {
            id: get(0),
            requirement: get(1),
            section: get(2),
            level: get(3),
            who: get(4),
            test: get(5),
            error: error.map(|i| r[i].clone()).unwrap_or_default(),
            source: get(6),
            group: get(7),
        });
    }
    Ok(rows)
}

/// Records with the line each starts in. Quotes as in RFC 4180.
fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut out = Vec::new();
    let (mut record, mut field) = (Vec::new(), String::new());
    let (mut quoted, mut line, mut start) = (false, 1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                out.push((start, std::mem::take(&mut record)));
                start = line;
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        out.push((start, record));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_are_read_whole() {
        let rows = load().expect("the tables are in the repository");
        let tcp = rows.iter().filter(|r| r.id.starts_with("TCP-")).count();
        assert_eq!((rows.len() - tcp, tcp), (333, 111));
        let row = rows.iter().find(|r| r.id == "DDP-36").expect("DDP-36");
        assert_eq!((row.who.as_str(), row.error.as_str()), ("rx", "0x11/0x01"));
        assert!(row.is_receiver() && !row.is_sender());
    }

    #[test]
    fn quotes_commas_and_line_ends() {
        let got = records("a,\"b, \"\"c\"\"\"\r\n,\"d\ne\"\nf,g");
        let text: Vec<Vec<&str>> = got
            .iter()
            .map(|r| r.1.iter().map(String::as_str).collect())
            .collect();
        assert_eq!(text, [["a", "b, \"c\""], ["", "d\ne"], ["f", "g"]]);
        assert_eq!(got.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 2, 4]);
    }

    #[test]
    fn a_short_line_names_its_place() {
        let e = parse(
            "requirements.csv",
            "id,requirement,section,level,who,test,source,group\nMPA-01,x\n",
        );
        let text = e.expect_err("short").to_string();
        assert_eq!(text, "requirements.csv, line 2: 2 fields, the head has 8");
    }
}
