#![no_std]
//! The one schema of FerroWARP's seams: streams, codes, tables, registers.
//!
//! Hardware, driver, test bench and `docs/seams.md` all take names, widths and numbers from here. No allocation, no
//! dependency: the tables are constants, the records are arrays of `u64`.
//!
//! * [`stream`]: every stream between receive path, transmit path, PCIe edge and driver, field by field.
//! * [`code`]: the values those fields take.
//! * [`table`]: what the driver writes into the hardware's tables, packed and unpacked.
//! * [`queue`]: work requests, completions, events and doorbells.
//! * [`register`]: the register map and the counters by name.
//! * [`render`]: all of it as Markdown.

pub mod code;
pub mod queue;
pub mod register;
pub mod render;
pub mod stream;
pub mod table;

/// Version of this schema, as the register `version` reports it: major in the high half, minor in the low.
/// The major number changes when a field moves or a code changes its meaning.
pub const VERSION: u32 = 1 << 16;
