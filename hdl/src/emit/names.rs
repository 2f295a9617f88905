//! Names: from rust-hdl's spelling to Verilog's, and elaboration-time indices.
use super::error::Problem;

/// rust-hdl's `p[0]$rx$tdata` or `p$0$rx$tdata` as a Verilog identifier.
pub fn flat(name: &str) -> String {
    name.replace("::", "_")
        .replace(['$', '.', '['], "_")
        .replace(']', "")
}

/// rust-hdl's `p$0` in Rust's notation, `p[0]`.
pub fn rust_path(name: &str) -> String {
    let mut path = String::new();
    for part in name.split('$') {
        if part.chars().all(|c| c.is_ascii_digit()) && !part.is_empty() {
            path += &format!("[{part}]");
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path += part;
        }
    }
    path
}

/// A loop variable and its value in this iteration.
pub type LoopVar = (String, usize);

/// The flat name of what an AST signal string means, with every `[..]` evaluated.
pub fn resolve(raw: &str, loops: &[LoopVar]) -> Result<String, Problem> {
    let mut name = raw.trim_start_matches('.').to_string();
    if name.contains("val()") && !name.contains('[') {
        return Err(Problem::NestedField(raw.replace('$', ".")));
    }
    while let Some(close) = name.find(']') {
        let not_constant = || Problem::IndexNotConstant(raw.replace('$', "."));
        let open = name[..close].rfind('[').ok_or_else(not_constant)?;
        let index = eval(&name[open + 1..close], loops).ok_or_else(not_constant)?;
        name.replace_range(open..=close, &format!("${index}"));
    }
    if name.contains("val()") {
        return Err(Problem::NestedField(raw.replace('$', ".")));
    }
    Ok(flat(&name))
}

/// An index expression over numbers, loop variables, `+ - * / %` and parentheses.
pub fn eval(text: &str, loops: &[LoopVar]) -> Option<usize> {
    let mut parser = Index {
        rest: text.as_bytes(),
        loops,
    };
    let value = parser.sum()?;
    (parser.rest.is_empty() && value >= 0).then_some(value as usize)
}

struct Index<'a> {
    rest: &'a [u8],
    loops: &'a [LoopVar],
}

impl Index<'_> {
    fn next_is(&mut self, set: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        set.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }

    fn sum(&mut self) -> Option<i64> {
        let mut value = self.product()?;
        while let Some(op) = self.next_is(b"+-") {
            let right = self.product()?;
            value = if op == b'+' {
                value.checked_add(right)?
            } else {
                value.checked_sub(right)?
            };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<i64> {
        let mut value = self.atom()?;
        while let Some(op) = self.next_is(b"*/%") {
            let right = self.atom()?;
            value = match op {
                b'*' => value.checked_mul(right)?,
                b'/' => value.checked_div(right)?,
                _ => value.checked_rem(right)?,
            };
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<i64> {
        if self.next_is(b"(").is_some() {
            let value = self.sum()?;
            self.next_is(b")")?;
            return Some(value);
        }
        let len = self
            .rest
            .iter()
            .take_while(|c| c.is_ascii_alphanumeric() || **c == b'_')
            .count();
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest;
        let word = std::str::from_utf8(word).ok()?;
        if let Some((_, value)) = self.loops.iter().rev().find(|(name, _)| name == word) {
            return i64::try_from(*value).ok();
        }
        word.replace('_', "").trim_end_matches("usize").parse().ok()
    }
}

/// Words that cannot be identifiers in Verilog-2005 or SystemVerilog (simulators read the text as the latter).
pub fn is_keyword(name: &str) -> bool {
    const WORDS: &str = " accept_on alias always always_comb always_ff always_latch and assert assign assume \
        automatic before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle \
        checker class clocking cmos config const constraint context continue cover covergroup coverpoint cross \
        deassign default defparam design disable dist do edge else end endcase endchecker endclass endclocking \
        endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram \
        endproperty endsequence endspecify endtable endtask enum event eventually expect export extends extern \
        final first_match for force foreach forever fork forkjoin function generate genvar global highz0 highz1 \
        if iff ifnone ignore_bins illegal_bins implements implies import incdir include initial inout input \
        inside instance int integer interconnect interface intersect join join_any join_none large let liblist \
        library local localparam logic longint macromodule matches medium modport module nand negedge nettype \
        new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter pmos \
        posedge primitive priority program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect \
        pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref reg reject_on release \
        repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until \
        s_until_with scalared sequence shortint shortreal showcancelled signed small soft solve specify \
        specparam static string strong strong0 strong1 struct super supply0 supply1 sync_accept_on \
        sync_reject_on table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri \
        tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped use \
        uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within \
        wor xnor xor ";
    WORDS.split_whitespace().any(|w| w == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_evaluated_with_rusts_precedence() {
        let loops = [("i".to_string(), 3), ("ij".to_string(), 5)];
        assert_eq!(eval("i*2+ij", &loops), Some(11));
        assert_eq!(eval("1+i*2", &loops), Some(7));
        assert_eq!(eval("2*(i+1)-ij/2%3", &loops), Some(6));
        assert_eq!(eval("7usize", &loops), Some(7));
        assert_eq!(eval("i-ij", &loops), None, "negative");
        assert_eq!(eval("k+1", &loops), None, "unknown");
        assert_eq!(eval("i/0", &loops), None);
        assert_eq!(eval("i)", &loops), None);
        assert_eq!(eval("", &loops), None);
    }

    #[test]
    fn names_are_resolved() {
        let loops = [("i".to_string(), 1)];
        assert_eq!(
            resolve("s[i]$a[i+1]$x", &loops),
            Ok("s_1_a_2_x".to_string())
        );
        assert_eq!(rust_path("p$0$rx$tdata"), "p[0].rx.tdata");
        assert_eq!(flat("State::Idle"), "State_Idle");
    }
}
