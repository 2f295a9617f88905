//! Choices by name: match labels, and elements of arrays picked at run time.
use super::constant::Constant;
use super::error::Problem;
use super::expr::{Lower, Result, Value};

const INDEX: &str = "$val()$index()";

/// Is this `array[signal.val().index()]`, an element picked at run time?
pub fn is_select(raw: &str) -> bool {
    parts(raw).is_some()
}

/// What stands before the run-time index, the index signal, and what stands after.
fn parts(raw: &str) -> Option<(&str, &str, &str)> {
    let end = raw.find(&format!("{INDEX}]"))?;
    let open = raw[..end].rfind('[')?;
    Some((
        &raw[..open],
        &raw[open + 1..end],
        &raw[end + INDEX.len() + 1..],
    ))
}

impl Lower<'_> {
    /// `array[signal.val().index()]` as a chain of choices; an index past the end picks the last element.
    pub(super) fn select(&mut self, raw: &str) -> Result<Option<Value>> {
        let Some((array, index, field)) = parts(raw) else {
            return Ok(None);
        };
        let index = self.signal(index, None)?;
        let mut elements = vec![];
        loop {
            match self.signal(&format!("{array}[{}]{field}", elements.len()), None) {
                Ok(element) => elements.push(element),
                Err(problem) if elements.is_empty() => return Err(problem),
                Err(_) => break,
            }
        }
        let reachable = 1usize.checked_shl(index.width as u32).unwrap_or(usize::MAX);
        elements.truncate(reachable);
        let Some(last) = elements.pop() else {
            return Ok(None);
        };
        let mut text = last.text;
        for (number, element) in elements.iter().enumerate().rev() {
            let label = self.number(number, Some(index.width))?.text;
            text = format!("(({} == {label}) ? {} : {text})", index.text, element.text);
        }
        let width = last.width;
        Ok(Some(Value { text, width }))
    }
}

/// A match label as a sized constant or the name of an enum variant.
pub fn label(lower: &mut Lower, condition: &str, width: usize) -> Result<String> {
    let bad = || Problem::BadLabel(condition.replace('$', "::"));
    if let Some((name, constant)) = lower.constant(condition)? {
        if constant.width() != width {
            return Err(bad());
        }
        lower.used_constants.insert(name.clone());
        return Ok(name);
    }
    let value = label_number(condition).ok_or_else(bad)?;
    let constant = Constant::from_usize(value, width).ok_or_else(|| Problem::LiteralTooWide {
        value: format!("{value:x}"),
        bits: width,
    })?;
    Ok(constant.verilog())
}

/// The value of a label that is a number, in any of Rust's spellings.
pub fn label_number(condition: &str) -> Option<usize> {
    let number = condition.replace(['_', ' '], "");
    let digits = ["usize", "u128", "u64", "u32", "u16", "u8", "i32"]
        .iter()
        .find_map(|suffix| number.strip_suffix(suffix))
        .unwrap_or(&number);
    match digits {
        "true" => Some(1),
        "false" => Some(0),
        _ => match (digits.strip_prefix("0x"), digits.strip_prefix("0b")) {
            (Some(hex), _) => usize::from_str_radix(hex, 16).ok(),
            (_, Some(binary)) => usize::from_str_radix(binary, 2).ok(),
            _ => digits.parse().ok(),
        },
    }
}
