//! Statements: loops unrolled, links and assignments with their widths, reads noted.
use super::error::Problem;
use super::expr::{outer, Lower};
use super::names::resolve;
use super::select::{label, label_number};
use rust_hdl::prelude::ast::{
    VerilogBlock, VerilogBlockOrConditional as Otherwise, VerilogConditional,
    VerilogExpression as Expr, VerilogLink, VerilogMatch, VerilogStatement as Source,
};
use std::collections::BTreeSet;

/// What a statement reads.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    pub names: BTreeSet<String>,
    /// Those read through a temporary, which sees the last value of a signal.
    pub hoisted: BTreeSet<String>,
}

/// A statement ready to print.
#[derive(Clone, Debug)]
pub enum Stmt {
    Assign(Assign),
    If {
        test: String,
        reads: Reads,
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// A `None` label is `default`; the last arm always has it.
    Case {
        subject: String,
        reads: Reads,
        arms: Vec<(Option<String>, Vec<Stmt>)>,
    },
}

#[derive(Clone, Debug)]
pub struct Assign {
    pub target: String,
    pub low: usize,
    pub width: usize,
    /// Width of the whole target.
    pub bits: usize,
    pub value: String,
    pub reads: Reads,
    pub link: bool,
}

impl Assign {
    pub fn whole(&self) -> bool {
        self.width == self.bits
    }

    /// The left side.
    pub fn place(&self) -> String {
        match self.width {
            _ if self.whole() => self.target.clone(),
            1 => format!("{}[{}]", self.target, self.low),
            _ => format!(
                "{}[{}:{}]",
                self.target,
                self.low + self.width - 1,
                self.low
            ),
        }
    }
}

type Result<T> = std::result::Result<T, Problem>;

/// Lowers a kernel; a statement with a problem is reported and left out.
pub fn lower_block(
    lower: &mut Lower,
    block: &VerilogBlock,
    problems: &mut Vec<Problem>,
) -> Vec<Stmt> {
    let mut out = vec![];
    for statement in block {
        if let Err(problem) = lower_statement(lower, statement, problems, &mut out) {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    out
}

fn lower_statement(
    lower: &mut Lower,
    statement: &Source,
    problems: &mut Vec<Problem>,
    out: &mut Vec<Stmt>,
) -> Result<()> {
    match statement {
        Source::Comment(_) => {}
        Source::Macro(block) => out.extend(lower_block(lower, block, problems)),
        Source::Loop(l) => {
            if lower.names.nets.contains_key(&l.index)
                || lower.names.constants.contains_key(&l.index)
            {
                return Err(Problem::NameCollision(
                    l.index.clone(),
                    format!("loop variable {}", l.index),
                ));
            }
            for value in l.from.as_usize()..l.to.as_usize() {
                lower.loops.push((l.index.clone(), value));
                out.extend(lower_block(lower, &l.block, problems));
                lower.loops.pop();
            }
        }
        Source::Assignment(target, value) => {
            let (target, bits) = target_of(lower, target)?;
            out.push(Stmt::Assign(assign(lower, target, 0, bits, bits, value)?));
        }
        Source::SliceAssignment {
            base,
            width,
            offset,
            replacement,
        } => {
            let (target, bits) = target_of(lower, base)?;
            let low = lower.elaborated(offset).ok_or_else(|| {
                Problem::Unsupported(format!("a run-time offset on the left side of `{target}`"))
            })?;
            if low + width > bits || *width == 0 {
                return Err(Problem::OutOfRange {
                    name: target,
                    low,
                    width: *width,
                    bits,
                });
            }
            out.push(Stmt::Assign(assign(
                lower,
                target,
                low,
                *width,
                bits,
                replacement,
            )?));
        }
        Source::If(conditional) => lower_if(lower, conditional, problems, out)?,
        Source::Match(m) => lower_match(lower, m, problems, out)?,
        Source::Link(links) => {
            for link in links {
                out.push(lower_link(lower, link)?);
            }
        }
    }
    Ok(())
}

fn target_of(lower: &Lower, expr: &Expr) -> Result<(String, usize)> {
    let Expr::Signal(raw) = expr else {
        return Err(Problem::Unsupported(
            "an assignment to something that is not a signal".into(),
        ));
    };
    // One `.next` only: a signal may be called `next` too.
    let place = raw.strip_suffix("$next").unwrap_or(raw);
    let name = resolve(place, &lower.loops)?;
    let source = || place.replace('$', ".");
    match lower.names.nets.get(&name) {
        Some(net) => Ok((name, net.width)),
        None if place.contains("$next$") => Err(Problem::NestedField(source())),
        None => Err(Problem::UnknownName(source())),
    }
}

fn assign(
    lower: &mut Lower,
    target: String,
    low: usize,
    width: usize,
    bits: usize,
    value: &Expr,
) -> Result<Assign> {
    lower.reads = Reads::default();
    let value = lower.expr(value, Some(width))?;
    if value.width != width {
        return Err(Problem::WidthMismatch {
            left: target,
            left_bits: width,
            right: outer(&value.text).to_string(),
            right_bits: value.width,
        });
    }
    let value = outer(&value.text).to_string();
    Ok(Assign {
        target,
        low,
        width,
        bits,
        value,
        reads: std::mem::take(&mut lower.reads),
        link: false,
    })
}

/// A test over loop variables and numbers is decided here, and only the branch taken is emitted.
fn lower_if(
    lower: &mut Lower,
    c: &VerilogConditional,
    problems: &mut Vec<Problem>,
    out: &mut Vec<Stmt>,
) -> Result<()> {
    let otherwise = |lower: &mut Lower, problems: &mut Vec<Problem>| match &c.otherwise {
        Otherwise::None => vec![],
        Otherwise::Block(block) => lower_block(lower, block, problems),
        Otherwise::Conditional(next) => lower_block(lower, &vec![(**next).clone()], problems),
    };
    if let Some(value) = lower.elaborated(&c.test) {
        out.extend(match value {
            0 => otherwise(lower, problems),
            _ => lower_block(lower, &c.then, problems),
        });
        return Ok(());
    }
    lower.reads = Reads::default();
    let test = outer(&lower.condition(&c.test)?.text).to_string();
    let reads = std::mem::take(&mut lower.reads);
    let then = lower_block(lower, &c.then, problems);
    let otherwise = otherwise(lower, problems);
    no_link(&then)?;
    no_link(&otherwise)?;
    out.push(Stmt::If {
        test,
        reads,
        then,
        otherwise,
    });
    Ok(())
}

fn lower_match(
    lower: &mut Lower,
    m: &VerilogMatch,
    problems: &mut Vec<Problem>,
    out: &mut Vec<Stmt>,
) -> Result<()> {
    if let Some(value) = lower.elaborated(&m.test) {
        let fits = |c: &str| c == "default" || label_number(c) == Some(value);
        if let Some(case) = m.cases.iter().find(|c| fits(&c.condition)) {
            out.extend(lower_block(lower, &case.block, problems));
        }
        return Ok(());
    }
    lower.reads = Reads::default();
    let subject = lower.expr(&m.test, None)?;
    let reads = std::mem::take(&mut lower.reads);
    let mut arms = vec![];
    for (number, case) in m.cases.iter().enumerate() {
        // Rust has checked that the arms are complete, so the last one stands for all that is left.
        let last = number + 1 == m.cases.len();
        let name = if case.condition == "default" {
            None
        } else {
            let name = label(lower, &case.condition, subject.width)?;
            (!last).then_some(name)
        };
        let block = lower_block(lower, &case.block, problems);
        no_link(&block)?;
        arms.push((name, block));
    }
    out.push(Stmt::Case {
        subject: outer(&subject.text).to_string(),
        reads,
        arms,
    });
    Ok(())
}

fn lower_link(lower: &mut Lower, link: &VerilogLink) -> Result<Stmt> {
    let (details, forward) = match link {
        VerilogLink::Forward(d) => (d, true),
        VerilogLink::Backward(d) => (d, false),
        VerilogLink::Bidirectional(d) => {
            return Err(Problem::Unsupported(format!(
                "inout signal `{}`",
                d.owner_name
            )));
        }
    };
    let side = |base: &str| -> Result<(String, usize)> {
        let field = details.my_name.trim_start_matches('.');
        let raw = if field.is_empty() {
            base.to_string()
        } else {
            format!("{base}${field}")
        };
        let name = resolve(&raw, &lower.loops)?;
        match lower.names.nets.get(&name) {
            Some(net) => Ok((name, net.width)),
            None => Err(Problem::UnknownName(raw.replace('$', "."))),
        }
    };
    let (owner, other) = (side(&details.owner_name)?, side(&details.other_name)?);
    let ((target, bits), (source, width)) = if forward {
        (other, owner)
    } else {
        (owner, other)
    };
    if bits != width {
        return Err(Problem::WidthMismatch {
            left: target,
            left_bits: bits,
            right: source,
            right_bits: width,
        });
    }
    lower.use_bits(&source, 0, width, width);
    let reads = Reads {
        names: BTreeSet::from([source.clone()]),
        hoisted: BTreeSet::new(),
    };
    Ok(Stmt::Assign(Assign {
        target,
        low: 0,
        width,
        bits,
        value: source,
        reads,
        link: true,
    }))
}

fn no_link(block: &[Stmt]) -> Result<()> {
    match block.iter().find_map(|s| match s {
        Stmt::Assign(a) if a.link => Some(a.target.clone()),
        _ => None,
    }) {
        Some(target) => Err(Problem::ConditionalLink(target)),
        None => Ok(()),
    }
}

/// Every assignment in the block, with the reads of the conditions around it.
pub fn visit_assigns<'a>(
    block: &'a [Stmt],
    around: &mut Vec<&'a Reads>,
    f: &mut dyn FnMut(&'a Assign, &[&'a Reads]),
) {
    for statement in block {
        match statement {
            Stmt::Assign(a) => f(a, around),
            Stmt::If {
                reads,
                then,
                otherwise,
                ..
            } => {
                around.push(reads);
                visit_assigns(then, around, f);
                visit_assigns(otherwise, around, f);
                around.pop();
            }
            Stmt::Case { reads, arms, .. } => {
                around.push(reads);
                arms.iter()
                    .for_each(|(_, block)| visit_assigns(block, around, f));
                around.pop();
            }
        }
    }
}

/// Does the block assign the target?
pub fn assigns(block: &[Stmt], target: &str) -> bool {
    let mut found = false;
    visit_assigns(block, &mut vec![], &mut |a, _| found |= a.target == target);
    found
}
