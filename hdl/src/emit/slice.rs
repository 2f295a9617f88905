//! Bits of expressions: slices, run-time indices, and the wires that they need because only names can be
//! sliced in Verilog.
use super::error::Problem;
use super::expr::{extend, in_range, operator, outer, strip, Lower, Result, Temp, Value};
use super::names::resolve;
use super::select::is_select;
use rust_hdl::prelude::ast::{VerilogExpression as Expr, VerilogOp as Op};
use rust_hdl::prelude::clog2;

/// Offsets are `usize` in Rust: they are computed in this many bits, so that `index * 8` does not wrap.
const OFFSET_BITS: usize = 32;

impl Lower<'_> {
    /// `inner[offset +: width]`
    pub(super) fn part(&mut self, inner: &Expr, offset: &Expr, width: usize) -> Result<Value> {
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
        self.use_bits(&name, 0, bits, bits);
        if bits == 1 {
            return Ok(Value {
                text: name,
                width: 1,
            });
        }
        let index = self.index(offset, clog2(bits).max(1))?;
        let text = if width == 1 {
            format!("{name}[{index}]")
        } else {
            format!("{name}[{index} +: {width}]")
        };
        Ok(Value { text, width })
    }

    /// Bits `low..low + width` at fixed places; slices of slices are added up.
    pub(super) fn slice(&mut self, inner: &Expr, low: usize, width: usize) -> Result<Value> {
        let inner = strip(inner);
        if let Expr::Slice(base, own, offset) = inner {
            if let Some(start) = self.elaborated(offset) {
                in_range("slice", low, width, *own)?;
                return self.slice(base, start + low, width);
            }
        }
        if let Expr::Signal(raw) = inner {
            if self.loop_value(raw).is_none() && !is_select(raw) {
                if let Some((name, constant)) = self.constant(raw)? {
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

    pub(super) fn replace_bit(
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
            if self.loop_value(raw).is_none() && !is_select(raw) && self.constant(raw)?.is_none() {
                let name = resolve(raw, &self.loops)?;
                let width = self.net(&name, raw)?;
                self.reads.names.insert(name.clone());
                return Ok((name, width));
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
}
