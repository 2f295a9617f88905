//! Small vector helpers. All combinational.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`FindFirst`] | `req`, `N` requests | `grant` (one-hot lowest request), `index`, `any` |
//! | [`Bswap`]     | `din`, `N` bits, whole bytes | `dout`, the bytes in reverse order |
//! | [`Pack`]      | `din`, `N` vectors of `W` bits | `dout`, `N * W = O` bits, `din[0]` lowest |
//! | [`Unpack`]    | `din`, `O` bits | `dout`, `N` vectors of `W` bits |
//!
//! `L` is the width of an index, `log2 N` rounded up; `index` is 0 when `any` is low.

use super::text::{body, hex, range};
use rust_hdl::prelude::*;

/// The lowest request of a vector.
#[derive(LogicBlock, Clone, Debug)]
pub struct FindFirst<const N: usize, const L: usize> {
    pub req: Signal<In, Bits<N>>,
    pub grant: Signal<Out, Bits<N>>,
    pub index: Signal<Out, Bits<L>>,
    pub any: Signal<Out, bool>,
}

impl<const N: usize, const L: usize> FindFirst<N, L> {
    const OK: () = assert!(
        N >= 2 && N <= 1 << L && N > 1 << (L - 1),
        "FindFirst: L must be log2 N, rounded up"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            req: Default::default(),
            grant: Default::default(),
            index: Default::default(),
            any: Default::default(),
        }
    }
}

impl<const N: usize, const L: usize> Default for FindFirst<N, L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, const L: usize> Logic for FindFirst<N, L> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.grant.connect();
        self.index.connect();
        self.any.connect();
    }
    fn hdl(&self) -> Verilog {
        // Parallel prefix OR: taken[i] says that some request lies below i.
        let r = range(N);
        let mut s = format!("wire {r} p0 = req;\n");
        let mut n = 0;
        while 1 << n < N {
            let b = 1usize << n;
            s += &format!(
                "wire {r} p{} = p{n} | {{p{n}[{}:0], {b}'b0}};\n",
                n + 1,
                N - 1 - b
            );
            n += 1;
        }
        s += &format!(
            "wire {r} first = req & ~{{p{n}[{}:0], 1'b0}};\n\
             assign grant = first;\n\
             assign any = p{n}[{}];\n",
            N - 2,
            N - 1
        );
        // a concatenation, as a one-bit `index` cannot be indexed
        let bits: Vec<String> = (0..L)
            .rev()
            .map(|b| format!("|(first & {})", hex(N, |i| i >> b & 1 == 1)))
            .collect();
        s += &format!("assign index = {{{}}};\n", bits.join(", "));
        body(s)
    }
}

/// Byte reversal of a vector.
#[derive(LogicBlock, Clone, Debug)]
pub struct Bswap<const N: usize> {
    pub din: Signal<In, Bits<N>>,
    pub dout: Signal<Out, Bits<N>>,
}

impl<const N: usize> Bswap<N> {
    const OK: () = assert!(N % 8 == 0 && N > 0, "Bswap: N must be a number of bytes");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            din: Default::default(),
            dout: Default::default(),
        }
    }
}

impl<const N: usize> Default for Bswap<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Logic for Bswap<N> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let bytes: Vec<String> = (0..N / 8)
            .map(|i| format!("din[{}:{}]", i * 8 + 7, i * 8))
            .collect();
        body(format!("assign dout = {{{}}};\n", bytes.join(", ")))
    }
}

/// Concatenation of `N` vectors, `din[0]` in the lowest bits.
#[derive(LogicBlock, Clone, Debug)]
pub struct Pack<const N: usize, const W: usize, const O: usize> {
    pub din: [Signal<In, Bits<W>>; N],
    pub dout: Signal<Out, Bits<O>>,
}

impl<const N: usize, const W: usize, const O: usize> Pack<N, W, O> {
    const OK: () = assert!(N * W == O && N >= 1, "Pack: O must be N * W");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            din: std::array::from_fn(|_| Default::default()),
            dout: Default::default(),
        }
    }
}

impl<const N: usize, const W: usize, const O: usize> Default for Pack<N, W, O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, const W: usize, const O: usize> Logic for Pack<N, W, O> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let parts: Vec<String> = (0..N).rev().map(|i| format!("din_{i}")).collect();
        body(format!("assign dout = {{{}}};\n", parts.join(", ")))
    }
}

/// Cuts a vector into `N` parts, `dout[0]` from the lowest bits.
#[derive(LogicBlock, Clone, Debug)]
pub struct Unpack<const N: usize, const W: usize, const O: usize> {
    pub din: Signal<In, Bits<O>>,
    pub dout: [Signal<Out, Bits<W>>; N],
}

impl<const N: usize, const W: usize, const O: usize> Unpack<N, W, O> {
    const OK: () = assert!(N * W == O && N >= 2, "Unpack: O must be N * W");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            din: Default::default(),
            dout: std::array::from_fn(|_| Default::default()),
        }
    }
}

impl<const N: usize, const W: usize, const O: usize> Default for Unpack<N, W, O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, const W: usize, const O: usize> Logic for Unpack<N, W, O> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.iter_mut().for_each(|d| d.connect());
    }
    fn hdl(&self) -> Verilog {
        body(
            (0..N)
                .map(|i| format!("assign dout_{i} = din[{}:{}];\n", (i + 1) * W - 1, i * W))
                .collect(),
        )
    }
}
