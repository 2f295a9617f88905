//! The body of a [`Ram`](super::Ram) that keeps its rows in slices: `n` times as deep, a row's parts read and written one a
//! cycle. A small preset's block RAMs are deeper than its tables and not wide enough for their rows.
//!
//! | port | |
//! |---|---|
//! | `raddr` | its top bit, which the depth must leave free, says that a row is read; the data is there `latency` cycles later, which is `n` or `n + 1`, and stays until the next read |
//! | `we waddr wdata` | as ever; the row is copied, the port is free in the next cycle |
//!
//! Rule: after a read `n - 1` cycles without one, after a write as many without one. A write that comes too early takes the
//! place of the rest of the one before, of which the first part stands: so whoever clears a RAM may write every cycle, if
//! what has to be cleared lies in the low bits of the row. Simulation returns inverted data for reads that come too
//! close, and inverts what a write that is cut off leaves out.
//!
//! Read and write go through the parts in the same order and at the same pace, so a read never finds a row half written:
//! it sees the writes of earlier cycles and none of later ones, and only with one of its own cycle does it collide.

use super::ram::{array_of, Collision};
use super::text::range;

/// What the body is made of: bits of a row, parts, address bits in use, latency; the addresses as expressions.
pub(super) struct Parts<'a> {
    pub bits: usize,
    pub parts: usize,
    pub addr_bits: usize,
    pub latency: usize,
    pub collision: Collision,
    pub waddr: &'a str,
    pub raddr: &'a str,
    /// The bit of `raddr` that says that a row is read.
    pub read: &'a str,
    /// The row to be written.
    pub word: &'a str,
}

/// The text, and the name of what is read.
pub(super) fn text(p: &Parts) -> (String, String) {
    let (n, bits) = (p.parts, p.bits);
    assert!(
        (2..=4).contains(&n) && bits > n,
        "RAM: {n} parts of {bits} bits: choose 2 to 4"
    );
    assert!(
        (n..=n + 1).contains(&p.latency),
        "RAM: {n} parts and latency {}: choose as many cycles as parts, or one more",
        p.latency
    );
    let w = bits.div_ceil(n);
    let all = w * n;
    let pb = if n == 2 { 1 } else { 2 };
    let a = p.addr_bits;
    let at = |part: usize, addr: &str| format!("{{{pb}'d{part}, {addr}}}");
    // The part and the address in turn, the last part when nothing is read or written.
    let turn = |tag: &str, first: &str, now: &str, held: &str| {
        let mut s = format!("{first} ? {} : ", at(0, now));
        for k in 1..n - 1 {
            s += &format!("{tag}{k} ? {} : ", at(k, held));
        }
        s + &at(n - 1, held)
    };
    let last = n - 1;
    let any = |tag: &str| {
        let of: Vec<String> = (1..n).map(|k| format!("{tag}{k}")).collect();
        of.join(" | ")
    };
    // of a number of words that no address leaves
    let mut s = array_of(w, n.next_power_of_two() << a, p.collision);
    let padded = if all == bits {
        p.word.to_string()
    } else {
        format!("{{{}'d0, {}}}", all - bits, p.word)
    };
    // Write.
    s += &format!(
        "// the row is {n} parts of {w} bits, at {{part, address}}\n\
         wire {} row = {padded};\n\
         reg {} later;\n\
         reg {} wheld;\n\
         reg {};\n\
         wire {} wturn = {};\n\
         wire {} wpart = {};\n\
         always @(posedge clock) begin\n\
         \x20 if (we) later <= row[{}:{w}];\n\
         \x20 if (we) wheld <= {};\n\
         \x20 w1 <= we;\n",
        range(all),
        range(all - w),
        range(a),
        (1..n)
            .map(|k| format!("w{k}"))
            .collect::<Vec<_>>()
            .join(", "),
        range(a + pb),
        turn("w", "we", p.waddr, "wheld"),
        range(w),
        {
            let mut t = format!("we ? row[{}:0] : ", w - 1);
            for k in 1..last {
                t += &format!("w{k} ? later[{}:{}] : ", k * w - 1, (k - 1) * w);
            }
            t + &format!("later[{}:{}]", last * w - 1, (last - 1) * w)
        },
        all - 1,
        p.waddr,
    );
    for k in 2..n {
        s += &format!("  w{k} <= w{} && !we;\n", k - 1);
    }
    s += &format!("  if (we | {}) mem[wturn] <= wpart;\n", any("w"));
    s += "`ifndef SYNTHESIS\n";
    for k in 1..n {
        for part in k..n {
            s += &format!(
                "  if (we && w{k}) mem[{}] <= ~later[{}:{}];\n",
                at(part, "wheld"),
                part * w - 1,
                (part - 1) * w
            );
        }
    }
    s += "`endif\nend\n";
    // Read.
    s += &format!(
        "wire re = {};\n\
         reg {} rheld;\n\
         reg {};\n\
         wire {} rturn = {};\n\
         reg {} out;\n",
        p.read,
        range(a),
        (1..p.latency)
            .map(|k| format!("r{k}"))
            .collect::<Vec<_>>()
            .join(", "),
        range(a + pb),
        turn("r", "re", p.raddr, "rheld"),
        range(w),
    );
    s += &format!(
        "always @(posedge clock) begin\n\
         \x20 if (re) rheld <= {};\n\
         \x20 r1 <= re;\n",
        p.raddr
    );
    for k in 2..p.latency {
        s += &format!("  r{k} <= r{};\n", k - 1);
    }
    s += "  out <= mem[rturn];\nend\n";
    // What comes before the last part waits for it.
    s += &format!(
        "reg {} early;\nalways @(posedge clock) begin\n",
        range(all - w)
    );
    for k in 0..last {
        s += &format!(
            "  if (r{}) early[{}:{}] <= out;\n",
            k + 1,
            k * w + w - 1,
            k * w
        );
    }
    s += "end\n";
    let mut whole = "{out, early}".to_string();
    if p.latency > n {
        s += &format!(
            "reg {} tail;\nalways @(posedge clock) if (r{n}) tail <= out;\n",
            range(w)
        );
        whole = "{tail, early}".into();
    }
    s += &format!("wire {} joined = {whole};\n", range(all));
    if all > bits {
        s += &format!(
            "wire unused_joined = &{{1'b0, joined[{}:{bits}]}};\n",
            all - 1
        );
    }
    // A read too close to another, or of the row that is being written, is not to be relied on.
    let clash = match p.collision {
        Collision::Old => "1'b0".to_string(),
        Collision::Undefined => format!("we && ({} == {})", p.waddr, p.raddr),
    };
    // One place a cycle up to the one before the data is due.
    let l = p.latency - 1;
    let shift = |name: &str, with: &str| {
        if l == 1 {
            with.to_string()
        } else {
            format!("{{{name}[{}:0], {with}}}", l - 2)
        }
    };
    s += &format!(
        "wire {r} got;\n\
         `ifndef SYNTHESIS\n\
         wire close = re && ({close});\n\
         reg {lr} due, wrong;\n\
         reg bad;\n\
         always @(posedge clock) begin\n\
         \x20 due <= {due};\n\
         \x20 wrong <= close ? {{{l}{{1'b1}}}} : {wrong};\n\
         \x20 if (due[{top}]) bad <= wrong[{top}] || close;\n\
         end\n\
         assign got = bad ? ~joined{cut} : joined{cut};\n\
         `else\n\
         assign got = joined{cut};\n\
         `endif\n",
        r = range(bits),
        lr = range(l),
        top = l - 1,
        due = shift("due", "re"),
        wrong = shift("wrong", &format!("re && {clash}")),
        close = (1..n)
            .map(|k| format!("r{k}"))
            .collect::<Vec<_>>()
            .join(" | "),
        cut = if all > bits {
            format!("[{}:0]", bits - 1)
        } else {
            String::new()
        },
    );
    (s, "got".into())
}
