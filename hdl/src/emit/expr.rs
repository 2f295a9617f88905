//! Expressions: every one gets a width, every operation parentheses.
//!
//! Verilog widens an expression to its context; here both sides of every operation have the same width, so no
//! context can widen it, and the text computes what Rust's `Bits<N>` computes.
use super::constant::{literal_hex, literal_width, Constant};
use super::error::Problem;
use super::names::{flat, resolve, LoopVar};
use super::stmt::Reads;
use rust_hdl::prelude::ast::{
    VerilogExpression as Expr, VerilogOp as Op, VerilogOpUnary as UnaryOp,
};
use rust_hdl::prelude::VerilogLiteral;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a name of a module is to its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Input,
    Output,
    Local,
    ChildInput,
    ChildOutput,
}

#[derive(Clone, Debug)]
pub struct Net {
    pub width: usize,
    pub role: Role,
}

/// Everything that a kernel can name.
#[derive(Default)]
pub struct Names {
    pub nets: HashMap<String, Net>,
    pub constants: HashMap<String, Constant>,
    pub ambiguous: BTreeSet<String>,
}

/// A wire made of a sub-expression, because only names can be sliced in Verilog.
pub struct Temp {
    pub name: String,
    pub width: usize,
    pub text: String,
}

/// Verilog text of a known width.
#[derive(Clone, Debug)]
pub struct Value {
    pub text: String,
    pub width: usize,
}

pub type Result<T> = std::result::Result<T, Problem>;

/// Turns the expressions of one kernel into text.
pub struct Lower<'a> {
    pub names: &'a Names,
    pub loops: Vec<LoopVar>,
    pub temps: Vec<Temp>,
    /// Names read since the statement began, and those of them read inside a temporary.
    pub reads: Reads,
    /// Bits of each net or temporary that anything reads.
    pub used: BTreeMap<String, Vec<bool>>,
    /// Constants that occur in the text.
    pub used_constants: BTreeSet<String>,
    pub(super) fresh: usize,
}

impl<'a> Lower<'a> {
    pub fn new(names: &'a Names) -> Self {
        Self {
            names,
            loops: vec![],
            temps: vec![],
            reads: Reads::default(),
            used: BTreeMap::new(),
            used_constants: BTreeSet::new(),
            fresh: 0,
        }
    }

    /// The value of an expression; `want` is the width that literals take.
    pub fn expr(&mut self, expr: &Expr, want: Option<usize>) -> Result<Value> {
        if !matches!(expr, Expr::Literal(_) | Expr::Signal(_)) {
            if let Some(number) = self.elaborated(expr) {
                return self.number(number, want);
            }
        }
        match expr {
            Expr::Paren(inner) => self.expr(inner, want),
            Expr::Signal(raw) => self.signal(raw, want),
            Expr::Literal(literal) => self.literal(literal, want),
            Expr::Cast(inner, width) => self.cast(inner, *width),
            Expr::Unary(op, inner) => self.unary(op, inner, want),
            Expr::Binary(left, op, right) => self.binary(left, op, right, want),
            Expr::Index(inner, index) => self.part(inner, index, 1),
            Expr::Slice(inner, width, offset) => self.part(inner, offset, *width),
            Expr::IndexReplace(inner, index, bit) => self.replace_bit(inner, index, bit, want),
            Expr::Signed(_) | Expr::Unsigned(_) => Err(Problem::Unsupported(
                "signed values: compare and add as Bits".into(),
            )),
        }
    }

    /// A condition: one bit.
    pub fn condition(&mut self, expr: &Expr) -> Result<Value> {
        let value = self.expr(expr, Some(1))?;
        same_width(
            &value,
            &Value {
                text: "condition".into(),
                width: 1,
            },
        )?;
        Ok(value)
    }

    pub(super) fn signal(&mut self, raw: &str, want: Option<usize>) -> Result<Value> {
        if let Some(value) = self.loop_value(raw) {
            return self.number(value, want);
        }
        if let Some(value) = self.select(raw)? {
            return Ok(value);
        }
        if let Some((name, constant)) = self.constant(raw)? {
            self.used_constants.insert(name.clone());
            return Ok(Value {
                text: name,
                width: constant.width(),
            });
        }
        let name = resolve(raw, &self.loops)?;
        let width = self.net(&name, raw)?;
        self.read(&name, 0, width, width);
        Ok(Value { text: name, width })
    }

    pub(super) fn net(&self, name: &str, raw: &str) -> Result<usize> {
        match self.names.nets.get(name) {
            Some(net) => Ok(net.width),
            None => Err(Problem::UnknownName(raw.replace('$', "."))),
        }
    }

    /// A constant or enum variant; a variant may be written with the module of its enum in front.
    pub fn constant(&self, raw: &str) -> Result<Option<(String, &'a Constant)>> {
        let name = resolve(raw, &self.loops)?;
        if self.names.nets.contains_key(&name) {
            return Ok(None);
        }
        let parts: Vec<&str> = raw.split('$').collect();
        let variant = flat(&parts[parts.len().saturating_sub(2)..].join("$"));
        for name in [name, variant] {
            if self.names.ambiguous.contains(&name) {
                return Err(Problem::AmbiguousLabel(name));
            }
            if let Some(constant) = self.names.constants.get(&name) {
                return Ok(Some((name, constant)));
            }
        }
        Ok(None)
    }

    pub(super) fn loop_value(&self, raw: &str) -> Option<usize> {
        self.loops
            .iter()
            .rev()
            .find(|(name, _)| name == raw)
            .map(|(_, value)| *value)
    }

    pub(super) fn number(&self, value: usize, want: Option<usize>) -> Result<Value> {
        let width = want.ok_or_else(|| Problem::LiteralWithoutWidth(value.to_string()))?;
        let constant =
            Constant::from_usize(value, width).ok_or_else(|| Problem::LiteralTooWide {
                value: format!("{value:x}"),
                bits: width,
            })?;
        Ok(Value {
            text: constant.verilog(),
            width,
        })
    }

    fn literal(&self, literal: &VerilogLiteral, want: Option<usize>) -> Result<Value> {
        let hex = literal_hex(literal);
        let own = literal_width(literal);
        let width = match want {
            Some(width) => width,
            None if own == 1 => 1,
            None => return Err(Problem::LiteralWithoutWidth(format!("0x{hex}"))),
        };
        let constant = Constant::from_hex(&hex, width).ok_or(Problem::LiteralTooWide {
            value: hex,
            bits: width,
        })?;
        Ok(Value {
            text: constant.verilog(),
            width,
        })
    }

    fn cast(&mut self, inner: &Expr, width: usize) -> Result<Value> {
        if self.takes_width(inner) {
            return self.expr(inner, Some(width));
        }
        let own = self.width_of(inner)?;
        if own > width {
            return self.slice(inner, 0, width);
        }
        let value = self.expr(inner, None)?;
        Ok(extend(value, width))
    }

    fn unary(&mut self, op: &UnaryOp, inner: &Expr, want: Option<usize>) -> Result<Value> {
        let reduction = match op {
            UnaryOp::Not | UnaryOp::Neg => {
                let value = self.expr(inner, want)?;
                let sign = if matches!(op, UnaryOp::Not) { '~' } else { '-' };
                return Ok(Value {
                    text: format!("({sign}{})", value.text),
                    width: value.width,
                });
            }
            UnaryOp::All => '&',
            UnaryOp::Any => '|',
            UnaryOp::Xor => '^',
        };
        let value = self.expr(inner, None)?;
        if value.width == 1 {
            return Ok(value);
        }
        Ok(Value {
            text: format!("({reduction}{})", value.text),
            width: 1,
        })
    }

    fn binary(&mut self, left: &Expr, op: &Op, right: &Expr, want: Option<usize>) -> Result<Value> {
        let sign = operator(op);
        match op {
            Op::Shl | Op::Shr => {
                let value = self.expr(left, want)?;
                let amount = match self.elaborated(right) {
                    Some(n) if n < value.width => n.to_string(),
                    Some(n) => {
                        let (name, bits) = (value.text, value.width);
                        return Err(Problem::OutOfRange {
                            name,
                            low: n,
                            width: 0,
                            bits,
                        });
                    }
                    None => self.expr(right, None)?.text,
                };
                return Ok(Value {
                    text: format!("({} {sign} {amount})", value.text),
                    width: value.width,
                });
            }
            Op::LogicalAnd | Op::LogicalOr => {
                let (a, b) = (self.condition(left)?, self.condition(right)?);
                return Ok(Value {
                    text: format!("({} {sign} {})", a.text, b.text),
                    width: 1,
                });
            }
            _ => {}
        }
        let compare = matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge);
        let want = if compare { None } else { want };
        let (a, mut b) = if self.takes_width(left) {
            let b = self.expr(right, want)?;
            (self.expr(left, Some(b.width))?, b)
        } else {
            let a = self.expr(left, want)?;
            let b = self.expr(right, Some(a.width))?;
            (a, b)
        };
        // `Bits<N> + bool` is the one mixed operation that Rust has.
        if matches!(op, Op::Add) && b.width == 1 {
            b = extend(b, a.width);
        }
        same_width(&a, &b)?;
        let width = if compare { 1 } else { a.width };
        Ok(Value {
            text: format!("({} {sign} {})", a.text, b.text),
            width,
        })
    }

    fn read(&mut self, name: &str, low: usize, width: usize, bits: usize) {
        self.reads.names.insert(name.to_string());
        self.use_bits(name, low, width, bits);
    }

    pub fn use_bits(&mut self, name: &str, low: usize, width: usize, bits: usize) {
        let used = self
            .used
            .entry(name.to_string())
            .or_insert_with(|| vec![false; bits]);
        used.iter_mut()
            .skip(low)
            .take(width)
            .for_each(|b| *b = true);
    }

    /// Width of an expression without keeping what computing it leaves behind.
    pub(super) fn width_of(&mut self, expr: &Expr) -> Result<usize> {
        let mut probe = Lower::new(self.names);
        probe.loops = self.loops.clone();
        Ok(probe.expr(expr, None)?.width)
    }

    /// The value of an expression over numbers and loop variables, as Rust's `usize`.
    pub fn elaborated(&self, expr: &Expr) -> Option<usize> {
        match expr {
            Expr::Literal(literal) => usize::from_str_radix(&literal_hex(literal), 16).ok(),
            Expr::Paren(inner) => self.elaborated(inner),
            Expr::Signal(raw) => self.loop_value(raw),
            Expr::Binary(left, op, right) => {
                let (a, b) = (self.elaborated(left)?, self.elaborated(right)?);
                match op {
                    Op::Add => a.checked_add(b),
                    Op::Sub => a.checked_sub(b),
                    Op::Mul => a.checked_mul(b),
                    Op::Shl => a.checked_shl(b.try_into().ok()?),
                    Op::Shr => a.checked_shr(b.try_into().ok()?),
                    Op::BitAnd => Some(a & b),
                    Op::BitOr => Some(a | b),
                    Op::BitXor => Some(a ^ b),
                    Op::Eq => Some((a == b).into()),
                    Op::Ne => Some((a != b).into()),
                    Op::Lt => Some((a < b).into()),
                    Op::Le => Some((a <= b).into()),
                    Op::Gt => Some((a > b).into()),
                    Op::Ge => Some((a >= b).into()),
                    Op::LogicalAnd => Some((a != 0 && b != 0).into()),
                    Op::LogicalOr => Some((a != 0 || b != 0).into()),
                }
            }
            _ => None,
        }
    }

    fn takes_width(&self, expr: &Expr) -> bool {
        is_literal(expr) || self.elaborated(expr).is_some()
    }
}

/// Zeros in front, up to `width` bits.
pub fn extend(value: Value, width: usize) -> Value {
    if value.width >= width {
        return value;
    }
    Value {
        text: format!("{{{}'b0, {}}}", width - value.width, outer(&value.text)),
        width,
    }
}

fn same_width(a: &Value, b: &Value) -> Result<()> {
    if a.width == b.width {
        return Ok(());
    }
    Err(Problem::WidthMismatch {
        left: outer(&a.text).into(),
        left_bits: a.width,
        right: outer(&b.text).into(),
        right_bits: b.width,
    })
}

pub fn in_range(name: &str, low: usize, width: usize, bits: usize) -> Result<()> {
    if width > 0 && low + width <= bits {
        return Ok(());
    }
    Err(Problem::OutOfRange {
        name: name.to_string(),
        low,
        width,
        bits,
    })
}

pub fn strip(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => strip(inner),
        other => other,
    }
}

/// An expression whose only operands are literals: it has the width of its context.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) => true,
        Expr::Paren(x) | Expr::Unary(UnaryOp::Not | UnaryOp::Neg, x) => is_literal(x),
        Expr::Binary(a, Op::Shl | Op::Shr, _) => is_literal(a),
        Expr::Binary(a, _, b) => is_literal(a) && is_literal(b),
        _ => false,
    }
}

pub fn operator(op: &Op) -> &'static str {
    match op {
        Op::Add => "+",
        Op::Sub => "-",
        Op::Mul => "*",
        Op::LogicalAnd => "&&",
        Op::LogicalOr => "||",
        Op::BitXor => "^",
        Op::BitAnd => "&",
        Op::BitOr => "|",
        Op::Shl => "<<",
        Op::Shr => ">>",
        Op::Eq => "==",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Ne => "!=",
        Op::Ge => ">=",
        Op::Gt => ">",
    }
}

/// The text without the pair of parentheses around all of it.
pub fn outer(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else {
        return text;
    };
    let mut depth = 0i32;
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return text;
        }
    }
    inner
}
