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
use rust_hdl::prelude::{clog2, VerilogLiteral};
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

type Result<T> = std::result::Result<T, Problem>;

/// Offsets are `usize` in Rust: they are computed in this many bits, so that `index * 8` does not wrap.
const OFFSET_BITS: usize = 32;

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
    fresh: usize,
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

    fn signal(&mut self, raw: &str, want: Option<usize>) -> Result<Value> {
        if let Some(value) = self.loop_value(raw) {
            return self.number(value, want);
        }
        let name = resolve(raw, &self.loops)?;
        if let Some((name, constant)) = self.constant(&name)? {
            self.used_constants.insert(name.clone());
            return Ok(Value {
                text: name,
                width: constant.width(),
            });
        }
        let width = self.net(&name, raw)?;
        self.read(&name, 0, width, width);
        Ok(Value { text: name, width })
    }

    fn net(&self, name: &str, raw: &str) -> Result<usize> {
        match self.names.nets.get(name) {
            Some(net) => Ok(net.width),
            None => Err(Problem::UnknownName(raw.replace('$', "."))),
        }
    }

    /// A constant or enum variant; a variant may be written with the module of its enum in front.
    pub fn constant(&self, name: &str) -> Result<Option<(String, Constant)>> {
        if self.names.ambiguous.contains(name) {
            return Err(Problem::AmbiguousLabel(name.to_string()));
        }
        Ok(self
            .names
            .constants
            .get(name)
            .map(|c| (name.to_string(), c.clone())))
    }

    fn loop_value(&self, raw: &str) -> Option<usize> {
        self.loops
            .iter()
            .rev()
            .find(|(name, _)| name == raw)
            .map(|(_, value)| *value)
    }

    fn number(&self, value: usize, want: Option<usize>) -> Result<Value> {
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
        if is_literal(inner) {
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

    /// `inner[offset +: width]`
    fn part(&mut self, inner: &Expr, offset: &Expr, width: usize) -> Result<Value> {
        if let Some(low) = self.elaborated(offset) {
            return self.slice(inner, low, width);
        }
        let (name, bits) = self.named(inner)?;
        if width > bits {
            return Err(Problem::OutOfRange {
                name,
                low: 0,
                width,
                bits,
            });
        }
        if bits == 1 {
            return Ok(Value {
                text: name,
                width: 1,
            });
        }
        self.use_bits(&name, 0, bits, bits);
        let index = self.index(offset, clog2(bits).max(1))?;
        let text = if width == 1 {
            format!("{name}[{index}]")
        } else {
            format!("{name}[{index} +: {width}]")
        };
        Ok(Value { text, width })
    }

    /// Bits `low..low + width` at fixed places; slices of slices are added up.
    fn slice(&mut self, inner: &Expr, low: usize, width: usize) -> Result<Value> {
        let inner = strip(inner);
        if let Expr::Slice(base, own, offset) = inner {
            if let Some(start) = self.elaborated(offset) {
                in_range("slice", low, width, *own)?;
                return self.slice(base, start + low, width);
            }
        }
        if let Expr::Signal(raw) = inner {
            if self.loop_value(raw).is_none() {
                if let Some((name, constant)) = self.constant(&resolve(raw, &self.loops)?)? {
                    in_range(&name, low, width, constant.width())?;
                    return Ok(Value {
                        text: constant.slice(low, width).verilog(),
                        width,
                    });
                }
            }
        }
        let (name, bits) = self.named(inner)?;
        in_range(&name, low, width, bits)?;
        self.use_bits(&name, low, width, bits);
        let text = match width {
            _ if width == bits => name,
            1 => format!("{name}[{low}]"),
            _ => format!("{name}[{}:{low}]", low + width - 1),
        };
        Ok(Value { text, width })
    }

    fn replace_bit(
        &mut self,
        inner: &Expr,
        index: &Expr,
        bit: &Expr,
        want: Option<usize>,
    ) -> Result<Value> {
        let value = self.expr(inner, want)?;
        let bit = self.condition(bit)?;
        let width = value.width;
        if width == 1 {
            return Ok(bit);
        }
        let index = match self.elaborated(index) {
            Some(n) => {
                in_range(&value.text, n, 1, width)?;
                n.to_string()
            }
            None => self.index(index, clog2(width))?,
        };
        let one = extend(
            Value {
                text: "1'b1".into(),
                width: 1,
            },
            width,
        )
        .text;
        let bit = extend(bit, width).text;
        let text = format!(
            "(({} & (~({one} << {index}))) | ({bit} << {index}))",
            value.text
        );
        Ok(Value { text, width })
    }

    /// A run-time index as text of exactly `width` bits.
    fn index(&mut self, expr: &Expr, width: usize) -> Result<String> {
        let expr = strip(expr);
        if let Expr::Binary(..) = expr {
            let name = self.hoist(|lower| lower.offset(expr))?.0;
            self.use_bits(&name, 0, width, OFFSET_BITS);
            return Ok(format!("{name}[{}:0]", width - 1));
        }
        let own = self.width_of(expr)?;
        if own > width {
            return Ok(self.slice(expr, 0, width)?.text);
        }
        let value = self.expr(expr, None)?;
        Ok(extend(value, width).text)
    }

    /// Arithmetic on offsets, in `OFFSET_BITS`.
    fn offset(&mut self, expr: &Expr) -> Result<Value> {
        if let Some(number) = self.elaborated(expr) {
            return self.number(number, Some(OFFSET_BITS));
        }
        match strip(expr) {
            Expr::Binary(left, op @ (Op::Add | Op::Sub | Op::Mul | Op::Shl | Op::Shr), right) => {
                let (a, b) = (self.offset(left)?, self.offset(right)?);
                let text = format!("({} {} {})", a.text, operator(op), b.text);
                Ok(Value {
                    text,
                    width: OFFSET_BITS,
                })
            }
            Expr::Binary(..) => Err(Problem::Unsupported(
                "an offset other than a sum, product or shift".into(),
            )),
            inner => {
                let value = self.expr(inner, None)?;
                in_range(&value.text, 0, value.width, OFFSET_BITS)?;
                Ok(extend(value, OFFSET_BITS))
            }
        }
    }

    /// A name for the expression, which is hoisted into a wire unless it is a signal. Its bits are not yet
    /// counted as used.
    fn named(&mut self, expr: &Expr) -> Result<(String, usize)> {
        if let Expr::Signal(raw) = strip(expr) {
            if self.loop_value(raw).is_none() {
                let name = resolve(raw, &self.loops)?;
                if self.constant(&name)?.is_none() {
                    let width = self.net(&name, raw)?;
                    self.reads.names.insert(name.clone());
                    return Ok((name, width));
                }
            }
        }
        self.hoist(|lower| lower.expr(expr, None))
    }

    /// Makes a wire of a value; equal values share one.
    fn hoist(&mut self, value: impl FnOnce(&mut Self) -> Result<Value>) -> Result<(String, usize)> {
        let before = std::mem::take(&mut self.reads.names);
        let value = value(self)?;
        self.reads.hoisted.extend(self.reads.names.iter().cloned());
        self.reads.names.extend(before);
        let text = outer(&value.text).to_string();
        if let Some(same) = self
            .temps
            .iter()
            .find(|t| t.text == text && t.width == value.width)
        {
            return Ok((same.name.clone(), same.width));
        }
        let name = loop {
            let name = format!("tmp_{}", self.fresh);
            self.fresh += 1;
            if !self.names.nets.contains_key(&name) && !self.names.constants.contains_key(&name) {
                break name;
            }
        };
        self.temps.push(Temp {
            name: name.clone(),
            width: value.width,
            text,
        });
        Ok((name, value.width))
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
    fn width_of(&mut self, expr: &Expr) -> Result<usize> {
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
                    Op::LogicalAnd | Op::LogicalOr => None,
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
fn extend(value: Value, width: usize) -> Value {
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

fn in_range(name: &str, low: usize, width: usize, bits: usize) -> Result<()> {
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

fn strip(expr: &Expr) -> &Expr {
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

fn operator(op: &Op) -> &'static str {
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

/// A match label as a sized constant or the name of an enum variant.
pub fn label(lower: &mut Lower, condition: &str, width: usize) -> Result<String> {
    let bad = || Problem::BadLabel(condition.replace('$', "::"));
    let name = flat(condition);
    if let Some((name, constant)) = lower.constant(&name)? {
        if constant.width() != width {
            return Err(bad());
        }
        lower.used_constants.insert(name.clone());
        return Ok(name);
    }
    let number = condition.replace(['_', ' '], "");
    let digits = ["usize", "u128", "u64", "u32", "u16", "u8", "i32"]
        .iter()
        .find_map(|suffix| number.strip_suffix(suffix))
        .unwrap_or(&number);
    let value = match digits {
        "true" => Some(1),
        "false" => Some(0),
        _ => match (digits.strip_prefix("0x"), digits.strip_prefix("0b")) {
            (Some(hex), _) => usize::from_str_radix(hex, 16).ok(),
            (_, Some(binary)) => usize::from_str_radix(binary, 2).ok(),
            _ => digits.parse().ok(),
        },
    };
    let value = value.ok_or_else(bad)?;
    let constant = Constant::from_usize(value, width).ok_or_else(|| Problem::LiteralTooWide {
        value: format!("{value:x}"),
        bits: width,
    })?;
    Ok(constant.verilog())
}
