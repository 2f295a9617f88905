//! The smallest Write, 78 octets, from its first beat on the port to its DMA request at 64 bits, and a picture of it drawn
//! from the measured cycles.

use super::{BenchError, Figure, Kind, Rig, Sample};
use std::fmt::Write;

pub(super) const BUDGET: f64 = 14.0;
/// Frame octets: 54 of headers, an FPDU of 24 with 4 of payload.
const LEN: usize = 78;

/// What the picture shows, in cycles.
struct Shown {
    k: u64,
    write: Sample,
    ack: u64,
    /// The plain frame's request, as if it had begun in the same cycle.
    plain: u64,
}

/// The figure and its picture (SVG).
pub fn figure(rig: &mut Rig) -> Result<(Figure, String), BenchError> {
    let mut one = |kind| -> Result<(Sample, Option<u64>), BenchError> {
        rig.offer(kind, LEN, rig.chip.cycle() + 100)?;
        rig.play()?;
        rig.ticks(60)?;
        let ack = rig.chip.acks.last().map(|a| a.cycle);
        match rig.finish()?.first() {
            Some(sample) => Ok((*sample, ack)),
            None => Err(rig.wrong("the smallest Write is not placed")),
        }
    };
    let (plain, _) = one(Kind::Plain)?;
    let (write, ack) = one(Kind::Write)?;
    let Some(ack) = ack else {
        return Err(rig.wrong("the smallest Write is not reported"));
    };
    let k = rig.k();
    let shown = Shown {
        k,
        write,
        ack,
        plain: write.first + (plain.request - plain.first),
    };
    let value = (write.request - write.first) as f64;
    let after = write.request - write.last;
    let note = format!(
        "{} beats, request {after} after tlast",
        write.last - write.first + 1
    );
    let figure = Figure::new(
        &rig.preset.name,
        "smallest Write, first beat to request",
        value,
        "cycles",
        note,
    );
    let picture = draw(&shown, &format!("{}, {} bits", rig.preset.name, 8 * k));
    Ok((figure.at_most(BUDGET), picture))
}

const LEFT: u64 = 150;
const CELL: u64 = 46;
const ROW: u64 = 40;
const TOP: u64 = 70;

/// One line of the picture: its name and its boxes (cycle, text, colour).
type Lane = (&'static str, Vec<(u64, String, &'static str)>);

fn draw(s: &Shown, title: &str) -> String {
    let beat = |octet: u64| s.write.first + octet / s.k;
    let mac = (s.write.first..=s.write.last).map(|c| {
        let at = (c - s.write.first) * s.k;
        let end = (at + s.k).min(LEN as u64) - 1;
        // Octet 37 completes the tuple; the STag is FPDU octets 4..7, the payload is followed by the CRC.
        let colour = match c {
            c if c == s.write.last => "#d9534f",
            c if c == beat(37) => "#5b8def",
            c if c == beat(54 + 7) => "#e0a030",
            _ => "#b8c4d6",
        };
        (c, format!("{at}-{end}"), colour)
    });
    let data = (s.write.data..=s.write.end).map(|c| (c, "data".to_string(), "#2f9e5b"));
    let lanes: [Lane; 5] = [
        ("mac_rx", mac.collect()),
        (
            "dma_wr_req",
            vec![(s.write.request, "req".into(), "#2f9e5b")],
        ),
        ("dma_wr_data", data.collect()),
        ("ack_event", vec![(s.ack, "ack".into(), "#8a63c7")]),
        ("plain frame: req", vec![(s.plain, "req".into(), "#999999")]),
    ];
    let cycles = s.write.end.max(s.ack) - s.write.first + 2;
    let (w, h) = (
        LEFT + cycles * CELL + 20,
        TOP + lanes.len() as u64 * ROW + 60,
    );
    let mut out = String::new();
    // Writing to a String cannot fail.
    let mut line = |text: std::fmt::Arguments| {
        let _ = out.write_fmt(text);
        out.push('\n');
    };
    line(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" font-family="sans-serif" font-size="12">"#
    ));
    line(format_args!(
        r##"<rect width="{w}" height="{h}" fill="#ffffff"/>"##
    ));
    line(format_args!(
        r#"<text x="10" y="22" font-size="15">The smallest RDMA Write ({LEN} octets) through the chip: {title}</text>"#
    ));
    for i in 0..cycles {
        let x = LEFT + i * CELL;
        let bottom = TOP + lanes.len() as u64 * ROW;
        line(format_args!(
            r##"<line x1="{x}" y1="{}" x2="{x}" y2="{bottom}" stroke="#e5e5e5"/>"##,
            TOP - 8
        ));
        line(format_args!(
            r#"<text x="{}" y="{}" text-anchor="middle">{i}</text>"#,
            x + CELL / 2,
            TOP - 14
        ));
    }
    for (n, (name, boxes)) in lanes.iter().enumerate() {
        let y = TOP + n as u64 * ROW;
        line(format_args!(r#"<text x="10" y="{}">{name}</text>"#, y + 20));
        for (cycle, text, colour) in boxes {
            let x = LEFT + (cycle - s.write.first) * CELL + 1;
            line(format_args!(
                r#"<rect x="{x}" y="{y}" width="{}" height="30" rx="3" fill="{colour}"/>"#,
                CELL - 2
            ));
            let (tx, ty) = (x + CELL / 2 - 1, y + 20);
            line(format_args!(
                r#"<text x="{tx}" y="{ty}" text-anchor="middle">{text}</text>"#
            ));
        }
    }
    let y = TOP + lanes.len() as u64 * ROW + 22;
    let (total, tail) = (
        s.write.request - s.write.first,
        s.write.request - s.write.last,
    );
    let added = s.write.request as i64 - s.plain as i64;
    line(format_args!(
        r#"<text x="10" y="{y}">First beat to request: {total} cycles; tlast to request: {tail}; a plain frame of the same length: {added} less.</text>"#
    ));
    line(format_args!(
        r#"<text x="10" y="{}">Blue: the beat that completes the tuple. Amber: the STag is complete. Red: tlast, with the CRC.</text>"#,
        y + 20
    ));
    line(format_args!("</svg>"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_shows_the_measured_cycles() {
        let write = Sample {
            kind: Kind::Write,
            len: LEN,
            payload: 4,
            first: 100,
            last: 109,
            request: 113,
            data: 116,
            end: 116,
        };
        let text = draw(
            &Shown {
                k: 8,
                write,
                ack: 114,
                plain: 110,
            },
            "test",
        );
        assert!(
            text.contains("First beat to request: 13 cycles; tlast to request: 4"),
            "{text}"
        );
        assert!(text.contains("72-77") && text.ends_with("</svg>\n"));
        assert_eq!(text.matches("<rect").count(), 1 + 10 + 4);
    }
}
