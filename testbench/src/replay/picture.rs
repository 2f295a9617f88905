//! The pipeline's occupancy over the first frames as SVG: a lane a frame, a column a cycle.

use super::observe::Track;
use super::Report;
use std::fmt::Write;

/// Pixels.
const LEFT: u64 = 210;
const TOP: u64 = 58;
const ROW: u64 = 16;
const WIDTH: u64 = 1100;

const LEGEND: [(&str, &str); 5] = [
    ("#4878a8", "on the MAC port"),
    ("#d8d8d8", "in the pipeline"),
    ("#d1495b", "DMA request"),
    ("#66a182", "DMA data"),
    ("#edae49", "event"),
];

/// The picture of `report.pipeline`.
pub fn svg(report: &Report) -> String {
    let tracks = &report.pipeline;
    let columns = columns(tracks);
    let height = TOP + ROW * tracks.len().max(1) as u64 + 46;
    let total = LEFT + WIDTH + 20;
    let scale = WIDTH as f64 / columns.width.max(1) as f64;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"{height}\" viewBox=\"0 0 {total} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let title = format!(
        "{}, {} bits at {} MHz, {}: the first {} frames through the receive path",
        report.preset,
        report.data_width,
        report.clock_mhz,
        report.pace,
        tracks.len()
    );
    let _ = writeln!(
        out,
        "<text x=\"8\" y=\"18\" font-size=\"14\">{}</text>",
        escape(&title)
    );
    let mut x = 8;
    for (colour, name) in LEGEND {
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"28\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"38\">{name}</text>", x + 16);
        x += 130;
    }
    let _ = writeln!(out, "<text x=\"{x}\" y=\"38\">| ACK report</text>");
    scale_bar(&mut out, x + 130, scale, 1000.0 / report.clock_mhz);
    for (n, t) in tracks.iter().enumerate() {
        row(&mut out, t, n as u64, &columns, scale);
    }
    axis(&mut out, tracks.len() as u64, &columns, scale);
    out.push_str("</svg>\n");
    out
}

/// What a stretch of the picture means in cycles and nanoseconds.
fn scale_bar(out: &mut String, x: u64, scale: f64, ns: f64) {
    let cycles = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
        .into_iter()
        .find(|c| f64::from(*c) * scale >= 30.0)
        .unwrap_or(10_000);
    let end = x as f64 + f64::from(cycles) * scale;
    let _ = writeln!(
        out,
        "<path d=\"M{x} 30V38M{x} 34H{end:.1}M{end:.1} 30V38\" stroke=\"black\" fill=\"none\"/><text x=\"{:.1}\" y=\"38\">{cycles} cycles = {:.1} ns</text>",
        end + 6.0,
        f64::from(cycles) * ns
    );
}

/// Cycles to columns: long stretches in which nothing happens are cut.
struct Columns {
    /// (first cycle, last cycle, first column)
    parts: Vec<(u64, u64, u64)>,
    width: u64,
}

/// Idle cycles that stay between two frames that are far apart.
const MARGIN: u64 = 6;

fn columns(tracks: &[Track]) -> Columns {
    let mut spans: Vec<(u64, u64)> = tracks
        .iter()
        .map(|t| (t.first_beat, end(t) + MARGIN))
        .collect();
    spans.sort_unstable();
    let mut parts: Vec<(u64, u64, u64)> = Vec::new();
    for (a, b) in spans {
        match parts.last_mut() {
            Some((_, last, _)) if a <= *last + MARGIN => *last = b.max(*last),
            Some((first, last, column)) => {
                let next = *column + (*last - *first) + MARGIN;
                parts.push((a, b, next));
            }
            None => parts.push((a, b, 0)),
        }
    }
    let width = parts.last().map_or(0, |(a, b, c)| c + b - a);
    Columns { parts, width }
}

impl Columns {
    fn at(&self, cycle: u64) -> u64 {
        let n = self.parts.partition_point(|(a, _, _)| *a <= cycle);
        n.checked_sub(1).map_or(0, |i| {
            let (a, b, column) = self.parts[i];
            column + cycle.min(b) - a
        })
    }
}

fn end(t: &Track) -> u64 {
    let ends = [Some(t.last_beat), t.request, t.last_data, t.ack, t.event];
    ends.into_iter().flatten().max().unwrap_or(t.last_beat)
}

fn row(out: &mut String, t: &Track, n: u64, columns: &Columns, scale: f64) {
    let y = TOP + n * ROW;
    let tail = t
        .request
        .map(|r| format!(", request {:+}", r as i64 - t.last_beat as i64));
    let label = format!(
        "frame {}, {} B{}",
        t.frame,
        t.octets,
        tail.unwrap_or_default()
    );
    let _ = writeln!(
        out,
        "<g><title>{}</title><text x=\"8\" y=\"{}\">{label}</text>",
        escape(&format!("{}: {}", t.connection, story(t))),
        y + 11
    );
    let mut bar = |from: u64, to: u64, colour: &str, thin: bool| {
        let x = LEFT as f64 + columns.at(from) as f64 * scale;
        let w = ((columns.at(to) - columns.at(from) + 1) as f64 * scale).max(1.0);
        let (dy, h) = if thin { (5, ROW - 12) } else { (1, ROW - 4) };
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{}\" width=\"{w:.1}\" height=\"{h}\" fill=\"{colour}\"/>",
            y + dy
        );
    };
    bar(t.first_beat, end(t), LEGEND[1].0, true);
    bar(t.first_beat, t.last_beat, LEGEND[0].0, false);
    if let (Some(a), Some(b)) = (t.first_data, t.last_data) {
        bar(a, b, LEGEND[3].0, false);
    }
    if let Some(c) = t.request {
        bar(c, c, LEGEND[2].0, false);
    }
    if let Some(c) = t.event {
        bar(c, c, LEGEND[4].0, false);
    }
    if let Some(c) = t.ack {
        let x = LEFT as f64 + (columns.at(c) as f64 + 0.5) * scale;
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{}\" stroke=\"black\"/>",
            y,
            y + ROW - 2
        );
    }
    out.push_str("</g>\n");
}

fn story(t: &Track) -> String {
    let mut s = format!("beats {} to {}", t.first_beat, t.last_beat);
    let mut add = |name: &str, c: Option<u64>| {
        if let Some(c) = c {
            let _ = write!(s, ", {name} {c}");
        }
    };
    add("request", t.request);
    add("first data", t.first_data);
    add("last data", t.last_data);
    add("ack", t.ack);
    add("event", t.event);
    s
}

fn axis(out: &mut String, rows: u64, columns: &Columns, scale: f64) {
    let y = TOP + rows * ROW + 4;
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
        .into_iter()
        .find(|s| *s as f64 * scale >= 60.0)
        .unwrap_or(50_000);
    let Some(zero) = columns.parts.first().map(|p| p.0) else {
        return;
    };
    for (i, (a, b, _)) in columns.parts.iter().enumerate() {
        let x = |c: u64| LEFT as f64 + columns.at(c) as f64 * scale;
        if i > 0 {
            let _ = writeln!(out, "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#999\" stroke-dasharray=\"2 3\"/>", x(*a) - 2.0, TOP, y);
        }
        let mut c = (a - zero).div_ceil(step) * step + zero;
        while c <= *b {
            let _ = writeln!(out, "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#bbb\"/><text x=\"{0:.1}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>", x(c), y, y + 5, y + 17, c - zero);
            c += step;
        }
    }
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{}\">cycles from the first beat; dashed: idle cycles left out; request +n: cycles from the last beat to the DMA request</text>",
        y + 34
    );
}

fn escape(s: &str) -> String {
    s.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
