//! Presets: the sizes of a chip as a TOML file, checked value by value, and the chip emitted from them.
//!
//! The files of `hdl/configs` are compiled in; a path to a file of the same form works wherever a preset's name does.

use crate::emit::{emit, EmitErrors, Emitted};
use crate::prim::CAPTURE_BYTES;
use crate::rx::cfg::Cfg;
use crate::rx::servers::SLOT_ADDR;
use crate::rx::types::{BEAT, BYTE, CONN, SLOT};
use crate::top::Chip;
use crate::tx::{Transmit, TxCfg, WorkCfg};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The presets that are compiled in, smallest first: name and file.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("ecp5-versa", include_str!("../configs/ecp5-versa.toml")),
    ("ecp5-1g", include_str!("../configs/ecp5-1g.toml")),
    ("dc-25g", include_str!("../configs/dc-25g.toml")),
    ("dc-100g", include_str!("../configs/dc-100g.toml")),
];

/// Data widths for which the chip can be emitted.
pub const WIDTHS: &[usize] = &[64, 128, 256, 512];

/// The top module of every emitted chip.
pub const TOP: &str = "chip";

/// A chip's size and clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    pub name: String,
    /// One line for `ferrowarp presets`.
    pub description: String,
    /// Bits of every stream's `tdata`.
    pub data_width: usize,
    /// Core clock: turns cycles into nanoseconds in reports, and is the aim of `make timing`.
    pub clock_mhz: f64,
    /// Ethernet line rate.
    pub line_gbps: f64,
    pub sizes: Sizes,
}

/// The values of [`Cfg`], under the same names (`*_bits` are log2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    pub latency: usize,
    pub stage_bits: usize,
    pub slot_bits: usize,
    pub pool_bits: usize,
    pub blk_bits: usize,
    pub conn_bits: usize,
    pub bucket_bits: usize,
    pub tpt_set_bits: usize,
    pub rq_bits: usize,
    pub ord_bits: usize,
    pub max_frame: usize,
    pub max_fpdu: usize,
    pub window: usize,
    pub ipv6: bool,
    pub sack: bool,
    pub markers: bool,
    pub timestamps: bool,
    pub parts: bool,
    /// At 64 bits only; wider chips are made without.
    pub sliced: bool,
}

/// Why a preset cannot be used.
#[derive(Debug, Error)]
pub enum PresetError {
    #[error(
        "unknown preset `{name}`: choose one of {}, or give the path of a .toml file",
        names()
    )]
    Unknown { name: String },
    #[error("cannot read preset {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("preset {origin}: {problem}")]
    Form { origin: String, problem: String },
    #[error("preset {preset}: {field} = {value}: {rule}")]
    Value {
        preset: String,
        field: &'static str,
        value: String,
        rule: String,
    },
}

/// Why a chip could not be emitted.
#[derive(Debug, Error)]
pub enum EmitChipError {
    #[error(transparent)]
    Preset(#[from] PresetError),
    #[error(transparent)]
    Emit(#[from] EmitErrors),
    #[error("preset {preset}: the sizes do not fit each other: {reason}")]
    Elaborate { preset: String, reason: String },
    #[error("cannot start the thread that emits: {0}")]
    Thread(#[from] std::io::Error),
}

fn names() -> String {
    let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

impl Preset {
    /// A built-in preset by name, or a file by path (anything with a `/` or ending in `.toml`).
    pub fn find(name: &str) -> Result<Preset, PresetError> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Preset::parse(text, name);
        }
        if name.contains('/') || name.ends_with(".toml") {
            return Preset::load(Path::new(name));
        }
        Err(PresetError::Unknown { name: name.into() })
    }

    /// A preset from a file.
    pub fn load(path: &Path) -> Result<Preset, PresetError> {
        let text = std::fs::read_to_string(path).map_err(|source| PresetError::Read {
            path: path.into(),
            source,
        })?;
        Preset::parse(&text, &path.display().to_string())
    }

    /// A preset from TOML text; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Preset, PresetError> {
        let preset: Preset = toml::from_str(text).map_err(|e: toml::de::Error| {
            let line = e
                .span()
                .map_or(0, |s| text[..s.start].matches('\n').count());
            PresetError::Form {
                origin: origin.into(),
                problem: format!("line {}: {}", line + 1, e.message().replace('\n', ", ")),
            }
        })?;
        preset.check()?;
        Ok(preset)
    }

    /// All built-in presets.
    pub fn all() -> Result<Vec<Preset>, PresetError> {
        BUILT_IN
            .iter()
            .map(|(name, text)| Preset::parse(text, name))
            .collect()
    }

    /// The same sizes at another data width. Sizes in beats hold more or fewer octets then.
    pub fn with_width(mut self, width: usize) -> Result<Preset, PresetError> {
        self.data_width = width;
        self.check()?;
        Ok(self)
    }

    /// The sizes as the blocks take them.
    pub fn cfg(&self) -> Cfg {
        let s = &self.sizes;
        Cfg {
            latency: s.latency,
            stage_bits: s.stage_bits,
            slot_bits: s.slot_bits,
            pool_bits: s.pool_bits,
            blk_bits: s.blk_bits,
            conn_bits: s.conn_bits,
            bucket_bits: s.bucket_bits,
            tpt_set_bits: s.tpt_set_bits,
            rq_bits: s.rq_bits,
            ord_bits: s.ord_bits,
            max_frame: s.max_frame,
            max_fpdu: s.max_fpdu,
            window: s.window,
            ipv6: s.ipv6,
            sack: s.sack,
            markers: s.markers,
            timestamps: s.timestamps,
            parts: s.parts,
            sliced: s.sliced && self.data_width == 64,
        }
    }

    /// The preset as TOML, as `ferrowarp emit` leaves it beside the Verilog.
    pub fn to_toml(&self) -> Result<String, PresetError> {
        toml::to_string(self).map_err(|e| PresetError::Form {
            origin: self.name.clone(),
            problem: e.to_string(),
        })
    }

    /// Length of `cycles` at this preset's clock.
    pub fn ns(&self, cycles: f64) -> f64 {
        cycles * 1000.0 / self.clock_mhz
    }

    fn check(&self) -> Result<(), PresetError> {
        let s = &self.sizes;
        let name_ok = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(name_ok) {
            return self.bad("name", &self.name, "use letters, digits, - and _");
        }
        if !WIDTHS.contains(&self.data_width) {
            return self.bad(
                "data_width",
                self.data_width,
                "choose 64, 128, 256 or 512 bits",
            );
        }
        for (field, value, most) in [
            ("clock_mhz", self.clock_mhz, 2000.0),
            ("line_gbps", self.line_gbps, 1000.0),
        ] {
            if !(value > 0.0 && value <= most) {
                return self.bad(field, value, format!("choose more than 0, {most} at most"));
            }
        }
        let octets = self.data_width / 8;
        let lanes = octets.ilog2() as usize;
        for (field, value, least, most) in [
            ("latency", s.latency, 2, 3),
            ("stage_bits", s.stage_bits, 2, BEAT.min(BYTE - lanes)),
            ("slot_bits", s.slot_bits, 1, SLOT),
            ("pool_bits", s.pool_bits, 3, BEAT.min(BYTE - lanes)),
            ("blk_bits", s.blk_bits, 3, 15 - lanes),
            ("conn_bits", s.conn_bits, 1, CONN),
            ("bucket_bits", s.bucket_bits, 1, 16),
            ("tpt_set_bits", s.tpt_set_bits, 1, 16),
            ("rq_bits", s.rq_bits, 1, 8),
            ("ord_bits", s.ord_bits, 1, 8),
            ("max_frame", s.max_frame, 78, 16_000),
            ("max_fpdu", s.max_fpdu, 24, 65_544),
            ("window", s.window, 6, 16),
        ] {
            if !(least..=most).contains(&value) {
                return self.bad(field, value, format!("choose {least} to {most}"));
            }
        }
        if s.blk_bits >= s.pool_bits {
            return self.bad(
                "blk_bits",
                s.blk_bits,
                format!("a pool of 2^{} beats has no two such blocks", s.pool_bits),
            );
        }
        // The assembler reads an FPDU's first octets from its first block.
        if octets << s.blk_bits < CAPTURE_BYTES {
            return self.bad(
                "blk_bits",
                s.blk_bits,
                format!(
                    "a block holds the first {CAPTURE_BYTES} octets of an FPDU: {} at least",
                    CAPTURE_BYTES.div_ceil(octets).next_power_of_two().ilog2()
                ),
            );
        }
        for (field, bits) in [("rq_bits", s.rq_bits), ("ord_bits", s.ord_bits)] {
            if s.conn_bits + bits > SLOT_ADDR {
                return self.bad(
                    field,
                    bits,
                    format!("conn_bits + {field} is {SLOT_ADDR} at most"),
                );
            }
        }
        if s.sliced && (s.latency != 2 || s.sack || s.markers || s.parts) {
            return self.bad(
                "sliced",
                s.sliced,
                "needs latency 2; sack, markers and parts false",
            );
        }
        // An address port has a bit to spare then.
        for (field, bits) in [
            ("conn_bits", s.conn_bits),
            ("bucket_bits", s.bucket_bits),
            ("tpt_set_bits", s.tpt_set_bits),
        ] {
            if s.sliced && bits > 15 {
                return self.bad(field, bits, "choose 15 at most with sliced");
            }
        }
        let beats = s.max_frame.div_ceil(octets);
        if 2 * (beats + 2) > 1 << s.stage_bits {
            let need = (2 * (beats + 2)).next_power_of_two().ilog2();
            return self.bad(
                "stage_bits",
                s.stage_bits,
                format!(
                    "the ring holds two frames of {} octets: {need} at least",
                    s.max_frame
                ),
            );
        }
        if s.max_fpdu > octets << s.pool_bits {
            return self.bad(
                "max_fpdu",
                s.max_fpdu,
                format!(
                    "the pool holds {} octets: raise pool_bits",
                    octets << s.pool_bits
                ),
            );
        }
        Ok(())
    }

    fn bad(
        &self,
        field: &'static str,
        value: impl ToString,
        rule: impl Into<String>,
    ) -> Result<(), PresetError> {
        Err(PresetError::Value {
            preset: self.name.clone(),
            field,
            value: value.to_string(),
            rule: rule.into(),
        })
    }
}

/// The chip of a preset as Verilog; its top module is [`TOP`].
pub fn emit_chip(preset: &Preset) -> Result<Emitted, EmitChipError> {
    preset.check()?;
    emit_sized(&preset.name, preset.data_width, &preset.cfg())
}

/// The chip of any sizes: `width` is 64, 128, 256 or 512 bits. `name` stands in messages.
pub fn emit_sized(name: &str, width: usize, cfg: &Cfg) -> Result<Emitted, EmitChipError> {
    let cfg = cfg.clone();
    elaborate(name, move || match width {
        64 => emit(&*Box::new(Chip::<64, 8, 3, 4>::new(&cfg)), TOP),
        128 => emit(&*Box::new(Chip::<128, 16, 4, 5>::new(&cfg)), TOP),
        256 => emit(&*Box::new(Chip::<256, 32, 5, 6>::new(&cfg)), TOP),
        512 => emit(&*Box::new(Chip::<512, 64, 6, 7>::new(&cfg)), TOP),
        _ => panic!("no chip of {width} bits: choose 64, 128, 256 or 512"),
    })
}

/// Emits the transmit path, module `transmit`.
pub fn emit_transmit(width: usize, cfg: &TxCfg, work: &WorkCfg) -> Result<Emitted, EmitChipError> {
    let (cfg, work) = (cfg.clone(), work.clone());
    let top = "transmit";
    elaborate(top, move || match width {
        64 => emit(&*Box::new(Transmit::<64, 8, 3, 4>::new(&cfg, &work)), top),
        512 => emit(&*Box::new(Transmit::<512, 64, 6, 7>::new(&cfg, &work)), top),
        _ => panic!("no transmit path of {width} bits: choose 64 or 512"),
    })
}

/// Runs `job` on a thread of its own: a chip is a large value and its kernels are deep trees, not for a 2 MiB test thread.
fn elaborate<E>(
    name: &str,
    job: impl FnOnce() -> Result<Emitted, E> + Send + 'static,
) -> Result<Emitted, EmitChipError>
where
    E: Send + 'static,
    EmitChipError: From<E>,
{
    let thread = std::thread::Builder::new()
        .name(format!("emit {name}"))
        .stack_size(STACK)
        .spawn(job)?;
    match thread.join() {
        Ok(result) => Ok(result?),
        Err(panic) => Err(EmitChipError::Elaborate {
            preset: name.to_string(),
            reason: match panic.downcast::<String>() {
                Ok(text) => *text,
                Err(other) => other
                    .downcast::<&str>()
                    .map_or("?".into(), |t| t.to_string()),
            },
        }),
    }
}

/// Stack of the emitting thread.
const STACK: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn versa() -> String {
        BUILT_IN[0].1.to_string()
    }

    fn problem(text: &str) -> String {
        Preset::parse(text, "test").unwrap_err().to_string()
    }

    #[test]
    fn built_in_presets_are_valid_and_named_as_listed() {
        for (name, text) in BUILT_IN {
            let preset = Preset::parse(text, name).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(preset.name, *name);
            assert_eq!(
                Preset::parse(&preset.to_toml().unwrap(), name).unwrap(),
                preset
            );
            for width in WIDTHS {
                preset
                    .clone()
                    .with_width(*width)
                    .unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        assert_eq!(
            Preset::find("dc-10g").unwrap_err().to_string(),
            "unknown preset `dc-10g`: choose one of ecp5-versa, ecp5-1g, dc-25g, dc-100g, or give the path of a .toml file"
        );
        assert!(Preset::find("none/x.toml")
            .unwrap_err()
            .to_string()
            .starts_with("cannot read preset none/x.toml:"));
    }

    #[test]
    fn every_value_is_checked() {
        for (from, to, want) in [
            ("data_width = 64", "data_width = 96", "preset ecp5-versa: data_width = 96: choose 64, 128, 256 or 512 bits"),
            ("clock_mhz = 125.0", "clock_mhz = 0.0", "preset ecp5-versa: clock_mhz = 0: choose more than 0, 2000 at most"),
            ("clock_mhz = 125.0", "clock_mhz = nan", "preset ecp5-versa: clock_mhz = NaN: choose more than 0, 2000 at most"),
            ("latency = 2", "latency = 4", "preset ecp5-versa: latency = 4: choose 2 to 3"),
            ("stage_bits = 10", "stage_bits = 8", "preset ecp5-versa: stage_bits = 8: the ring holds two frames of 1522 octets: 9 at least"),
            ("blk_bits = 4", "blk_bits = 11", "preset ecp5-versa: blk_bits = 11: a pool of 2^11 beats has no two such blocks"),
            ("max_fpdu = 12288", "max_fpdu = 20000", "preset ecp5-versa: max_fpdu = 20000: the pool holds 16384 octets: raise pool_bits"),
            ("latency = 2", "latency = 3", "preset ecp5-versa: sliced = true: needs latency 2; sack, markers and parts false"),
            ("bucket_bits = 6", "bucket_bits = 16", "preset ecp5-versa: bucket_bits = 16: choose 15 at most with sliced"),
            ("window = 8", "window = 17", "preset ecp5-versa: window = 17: choose 6 to 16"),
            ("name = \"ecp5-versa\"", "name = \"a b\"", "preset a b: name = a b: use letters, digits, - and _"),
        ] {
            let text = versa().replace(from, to);
            assert_ne!(text, versa(), "{from} is not in the file");
            assert_eq!(problem(&text), want);
        }
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_line() {
        let text = versa().replace("slot_bits", "slots_bits");
        let said = problem(&text);
        assert!(
            said.starts_with("preset test: line 11: unknown field `slots_bits`, expected"),
            "{said}"
        );
        assert!(!said.contains('\n'));
        assert!(problem("name = ").starts_with("preset test: line 1:"));
    }

    #[test]
    fn sizes_at_every_edge_elaborate_or_are_refused() {
        // Whatever passes `check` must not panic in a block's `new`: try the edges of each size.
        let base = Preset::find("ecp5-versa").unwrap();
        let edges: &[fn(&mut Sizes)] = &[
            |s| s.window = 6,
            |s| s.window = 16,
            |s| s.slot_bits = 8,
            |s| s.conn_bits = 16,
            |s| s.bucket_bits = 16,
            |s| s.tpt_set_bits = 16,
            |s| s.stage_bits = 16,
            |s| (s.pool_bits, s.blk_bits) = (16, 3),
            |s| (s.conn_bits, s.rq_bits, s.ord_bits) = (12, 8, 8),
            |s| (s.stage_bits, s.max_frame) = (13, 16_000),
            |s| (s.bucket_bits, s.tpt_set_bits, s.conn_bits) = (1, 1, 1),
            |s| s.ipv6 = true,
            |s| s.sack = true,
            |s| s.markers = true,
            |s| (s.sack, s.markers) = (true, true),
            |s| s.timestamps = true,
            |s| s.parts = true,
        ];
        for (n, edge) in edges.iter().enumerate() {
            for sliced in [false, true] {
                let mut preset = base.clone();
                preset.sizes.sliced = sliced;
                edge(&mut preset.sizes);
                match emit_chip(&preset) {
                    Ok(_) => {}
                    Err(EmitChipError::Preset(_)) if sliced => {}
                    Err(e) => panic!("edge {n}, sliced {sliced}: {e}"),
                }
            }
        }
    }
}
