//! Small helpers for the blocks whose body is Verilog text generated from Rust values.

use rust_hdl::prelude::*;

/// Width of the beat index that all blocks share: 2^13 beats of 8 bytes cover a 16-bit byte position.
pub const BEAT_BITS: usize = 13;

/// Wraps a module body. `Wrapper` makes the outputs wires, so that `assign` drives them.
pub(crate) fn body(code: String) -> Verilog {
    Verilog::Wrapper(Wrapper {
        code,
        cores: String::new(),
    })
}

/// The range of a `width`-bit vector, as in `[7:0]`.
pub(crate) fn range(width: usize) -> String {
    format!("[{}:0]", width - 1)
}

/// A sized hexadecimal literal; `set(i)` says whether bit `i` is one.
pub(crate) fn hex(width: usize, set: impl Fn(usize) -> bool) -> String {
    let digits: String = (0..width.div_ceil(4))
        .rev()
        .map(|d| {
            let v = (0..4)
                .filter(|b| d * 4 + b < width && set(d * 4 + b))
                .fold(0u32, |v, b| v | 1 << b);
            char::from_digit(v, 16).unwrap_or('0')
        })
        .collect();
    format!("{width}'h{digits}")
}

/// A simulation-only check: `$error` with the instance path when `cond` holds at a clock edge out of reset.
pub(crate) fn check(cond: &str, message: &str) -> String {
    format!(
        "`ifndef SYNTHESIS\n\
         always @(posedge clock) if (!reset && ({cond})) $error(\"%m: {message}\");\n\
         `endif\n"
    )
}

/// Ties off address bits that a smaller preset does not use, so that lint stays silent about them only.
pub(crate) fn ignore_upper(name: &str, from: usize, width: usize) -> String {
    if from == width {
        return String::new();
    }
    format!(
        "// this preset's depth needs {from} of {width} address bits\n\
         wire unused_{name} = &{{1'b0, {name}[{}:{from}]}};\n",
        width - 1
    )
}

/// The address bits in use, as an expression.
pub(crate) fn low(name: &str, bits: usize, width: usize) -> String {
    if bits == width {
        name.to_string()
    } else {
        format!("{name}[{}:0]", bits - 1)
    }
}

/// Wires `<tag>1..<tag><bits>`; in the last one lane `i` (of `2^bits`, each `lane` bits wide) is all ones when `src > i`.
///
/// A mux a bit instead of a comparator a lane: synthesis makes no carry chains of it.
pub(crate) fn thermometer(tag: &str, src: &str, bits: usize, lane: usize) -> String {
    let bit = |i: usize| {
        if bits == 1 {
            src.to_string()
        } else {
            format!("{src}[{i}]")
        }
    };
    let mut s = format!(
        "wire {} {tag}1 = {{{lane}'b0, {}}};\n",
        range(2 * lane),
        // not `{8{x}}`: braces around one name are the emitter's placeholders
        if lane == 1 {
            bit(0)
        } else {
            format!("{} ? {{{lane}{{1'b1}}}} : {lane}'b0", bit(0))
        }
    );
    for n in 1..bits {
        let half = lane << n;
        s += &format!(
            "wire {} {tag}{} = {} ? {{{tag}{n}, {{{half}{{1'b1}}}}}} : {{{half}'b0, {tag}{n}}};\n",
            range(2 * half),
            n + 1,
            bit(n)
        );
    }
    s
}
