//! The schema as Markdown: `docs/seams.md` and `docs/queues.md`.

use crate::code::{Encoding, ENCODINGS, QUEUE_ENCODINGS};
use crate::queue::{
    DOORBELL_CQ, DOORBELL_PUSH, DOORBELL_RQ, DOORBELL_SQ, INLINE, QUEUE_LAYOUTS, RQE_SGES, SLOT,
    SQE_SGES, SQE_SLOTS,
};
use crate::register::{counter_address, ADDR_GEOMETRY, COUNTERS, GEOMETRY, REGISTERS};
use crate::stream::{Direction, Width, STREAMS};
use crate::table::{Layout, LAYOUTS};
use core::fmt::{Result, Write};

const HEAD: &str = "\
# Seams: streams, codes, tables, registers

Made from the schema in `hdl/abi`; `BLESS=1 cargo test -p ferrowarp-abi` writes this page anew. Do not edit it.

A stream `s` with field `f` has the ports `s_f`, `s_tvalid` and, unless it says so, `s_tready`. A beat moves when valid and
ready are high in the same cycle; valid never waits for ready; the fields hold while valid waits for ready.
W is the data width in bits (64 or 512). In, out: seen from the receive path.
Parsing, judging and placing happen behind these ports: nothing in front of them looks into a frame.

What differs from the sketch that this page grew from, and what is not there yet:

* `ack_event.flags` has 11 bits: bit 10 `RX_ONLY` reports progress without a segment.
* A `cpl_event` is one beat: its header octets are the 368-bit field `hdr`.
* The number of a receive queue is the number of its connection; 0xFFFFF is the host's buffers for plain frames.
* One buffer a receive (`n_sge` 1), and its address is a DMA address.
* Memory regions are contiguous: one base, one DMA address.
* A connection is IPv4, or IPv6 without extension headers if the preset has IPv6. Frames with others go to the host.
* `table_cmd` answers on a stream of its own, `table_rsp`, and `registers` on `registers_rsp`.

What is the driver's:

* The right `REMOTE_INVALIDATE` goes only to a region bound to one stream (`bound` and `qpn` of the TPT record): no stream
  may invalidate an STag that others use (RFC 5040 8.1.1(7)). The chip asks for the right and looks at the binding; it does
  not know who else uses the region.
* `TERMINATE` and `ERROR` end a connection: it takes and acknowledges nothing that comes behind, and gives no `FIN` event. A
  FIN that was taken in the same segment or close behind is told in `ack_event` alone. The driver takes the connection out;
  a FIN or data that comes later then reaches software TCP as plain frames.
";

/// Writes the page.
pub fn seams(out: &mut impl Write) -> Result {
    out.write_str(HEAD)?;
    streams(out)?;
    codes(out, ENCODINGS)?;
    writeln!(
        out,
        "\n## Records\n\nIn 64-bit words, as `table_cmd` WRITE fills them; bits not named are 0."
    )?;
    layouts(out, LAYOUTS)?;
    registers(out)
}

const QUEUES_HEAD: &str = "\
# Queues: work requests, completions, events, doorbells

Made from the schema in `hdl/abi`; `BLESS=1 cargo test -p ferrowarp-abi` writes this page anew. Do not edit it.

**Plan**: the layouts are settled; the transmit path's blocks read SQEs and doorbells, but are not part of the chip's top yet. The receive path takes receives by `rx_post` and
tells what happened by `cpl_event` ([seams](seams.md)).

Little endian, in 64-bit words; rings are powers of two. The driver fills a slot, then rings; `wr_id` stays with the driver,
under the slot's `idx`. An entry that the chip writes is new when its phase bit is that of this turn around the ring.
";

/// Writes the page of the queues.
pub fn queues(out: &mut impl Write) -> Result {
    out.write_str(QUEUES_HEAD)?;
    writeln!(
        out,
        "\nA slot has {SLOT} octets. A send WQE takes up to {SQE_SLOTS} of them: {SQE_SGES} scatter/gather entries or {INLINE} inline octets at most. A receive has up to {RQE_SGES} entries."
    )?;
    writeln!(
        out,
        "A process has a page of 4096 octets of doorbells, 64 bits each: send queue at 0x{DOORBELL_SQ:03x}, receive queue at 0x{DOORBELL_RQ:03x}, completion queue at 0x{DOORBELL_CQ:03x}; at 0x{:03x} and 0x{:03x} a send WQE of one slot can be pushed.",
        DOORBELL_PUSH[0], DOORBELL_PUSH[1]
    )?;
    writeln!(out, "\n## Layouts\n\nBits not named are 0.")?;
    layouts(out, QUEUE_LAYOUTS)?;
    codes(out, QUEUE_ENCODINGS)
}

fn streams(out: &mut impl Write) -> Result {
    writeln!(out, "\n## Streams")?;
    for s in STREAMS {
        let direction = match s.direction {
            Direction::In => "in",
            Direction::Out => "out",
            Direction::Other => "other parts of the chip",
        };
        let ready = if s.ready { "" } else { ", no `tready`" };
        writeln!(
            out,
            "\n### `{}` ({direction}{ready})\n\n{}\n",
            s.name, s.doc
        )?;
        writeln!(out, "| field | bits | |\n|---|---|---|")?;
        for f in s.fields {
            match f.width {
                Width::Bits(n) => writeln!(out, "| `{}` | {n} | {} |", f.name, f.doc)?,
                Width::Data => writeln!(out, "| `{}` | W | {} |", f.name, f.doc)?,
                Width::Keep => writeln!(out, "| `{}` | W/8 | {} |", f.name, f.doc)?,
            }
        }
    }
    Ok(())
}

fn codes(out: &mut impl Write, encodings: &[Encoding]) -> Result {
    writeln!(out, "\n## Codes")?;
    for e in encodings {
        writeln!(
            out,
            "\n### {} ({} bits)\n\n{}\n",
            e.name,
            e.bits,
            e.doc.trim()
        )?;
        writeln!(out, "| value | name | |\n|---|---|---|")?;
        // Four digits for wide codes, as the standards write them.
        let digits = e.bits.div_ceil(4) as usize;
        for c in e.codes {
            writeln!(out, "| 0x{:0digits$x} | {} | {} |", c.value, c.name, c.doc)?;
        }
    }
    Ok(())
}

fn layouts(out: &mut impl Write, layouts: &[Layout]) -> Result {
    for l in layouts {
        writeln!(out, "\n### {}\n\n{}\n", l.name, l.doc)?;
        writeln!(out, "| field | word | bits | |\n|---|---|---|---|")?;
        for p in l.places {
            let high = p.low + p.bits - 1;
            writeln!(
                out,
                "| `{}` | {} | {high}:{} | {} |",
                p.name, p.word, p.low, p.doc
            )?;
        }
    }
    Ok(())
}

fn registers(out: &mut impl Write) -> Result {
    writeln!(
        out,
        "\n## Registers\n\n32 bits each, at byte addresses. No register there: reads all ones.\n"
    )?;
    writeln!(out, "| address | name | access | |\n|---|---|---|---|")?;
    for r in REGISTERS {
        let access = if r.writable { "read, write" } else { "read" };
        writeln!(
            out,
            "| 0x{:03x} | `{}` | {access} | {} |",
            r.address, r.name, r.doc
        )?;
    }
    for (i, (name, doc)) in GEOMETRY.iter().enumerate() {
        writeln!(
            out,
            "| 0x{:03x} | `{name}` | read | {doc} |",
            usize::from(ADDR_GEOMETRY) + 4 * i
        )?;
    }
    writeln!(out, "\n### Counters\n\n32 bits, wrapping, 0 after reset. A read may lag behind by up to 64 cycles.\n")?;
    writeln!(out, "| address | name | |\n|---|---|---|")?;
    for (i, c) in COUNTERS.iter().enumerate() {
        writeln!(
            out,
            "| 0x{:03x} | `{}` | {} |",
            counter_address(i),
            c.name,
            c.doc
        )?;
    }
    Ok(())
}
