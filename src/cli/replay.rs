//! `ferrowarp replay`: a capture through the chip, compared octet by octet with the golden model.

use super::progress::Progress;
use anyhow::Context;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::capture::{self, RepairOptions};
use ferrowarp_testbench::golden::Rights;
use ferrowarp_testbench::replay::report::ConnectionReport;
use ferrowarp_testbench::replay::{self, picture, Endpoint, ReplayOptions, Report, Wave};
use ferrowarp_testbench::replay_plan::RegionOverride;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Replay a capture of iWARP traffic through the cycle-accurate chip.
///
/// The chip takes the side of one endpoint of each connection, then of the other. Connections and MPA parameters are learned from
/// the handshakes, the memory is registered that the traffic needs, and the peer's frames are played into the MAC
/// port. Every octet that the chip places and every completion is compared with an independent software endpoint's.
///
/// Exit code 1 when anything differs, and when a connection was skipped (unless --allow-skips).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ferrowarp replay traffic.pcap
  ferrowarp replay traffic.pcapng --preset dc-25g --endpoint 10.7.0.1:18515 --line-rate
  ferrowarp replay traffic.pcap --wave chip.fst --report replay.json --picture replay.svg
  ferrowarp replay traffic.pcap --region 0x2f01:0x7f0000001000:65536:rw
  ferrowarp replay changed.pcap --expect original.pcap     # must differ")]
pub struct Args {
    /// A pcap or pcapng file with Ethernet frames.
    file: PathBuf,
    /// A preset of `ferrowarp presets`, or the path of a .toml file.
    #[arg(long, value_name = "PRESET", default_value = "dc-100g")]
    preset: String,
    /// The end that the chip takes over: client, server, or its IP:PORT. Default: both in turn.
    #[arg(long, value_name = "END", value_parser = endpoint)]
    endpoint: Option<Endpoint>,
    /// Frames back to back at the line rate instead of with their own spacing.
    #[arg(long)]
    line_rate: bool,
    /// Write a waveform (FST) of the chip: the first run to FILE, the second to FILE with -2 before its suffix, and so on.
    #[arg(long, value_name = "FILE")]
    wave: Option<PathBuf>,
    /// Only so many cycles of each run in the waveform.
    #[arg(long, value_name = "CYCLES", requires = "wave")]
    wave_cycles: Option<u64>,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a picture (SVG) of the pipeline's occupancy over the first frames.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Register this memory instead of what the traffic needs: STAG:BASE:LENGTH:RIGHTS, numbers decimal or 0x.., rights of
    /// r (remote read), w (remote write, Read sink), i (remote invalidate) or none. May be given again.
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: Vec<RegionOverride>,
    /// Exit code 0 although connections were skipped.
    #[arg(long)]
    allow_skips: bool,
    /// Leave offload artefacts as they are: frames longer than the MTU are not split, checksums not filled in.
    #[arg(long)]
    keep_offload: bool,
    /// Longer gaps between frames are fast-forwarded.
    #[arg(long, value_name = "CYCLES", default_value_t = 2000)]
    max_gap: u64,
    /// FILE is a changed copy of this capture: regions and expectation come from here, frames from FILE.
    #[arg(long, value_name = "ORIGINAL")]
    expect: Option<PathBuf>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut options = ReplayOptions::new(Preset::find(&args.preset)?);
    options.endpoint = args.endpoint.unwrap_or(Endpoint::Both);
    options.line_rate = args.line_rate;
    options.longest_gap = args.max_gap;
    options.regions = args.region.clone();
    if args.keep_offload {
        options.repair = RepairOptions {
            split: false,
            fill_checksums: false,
            ..options.repair
        };
    }
    if let Some(path) = &args.wave {
        make_folder(path)?;
        options.wave = Some(Wave {
            path: path.clone(),
            cycles: args.wave_cycles,
        });
    }
    let file = match &args.expect {
        Some(original) => {
            options.frames_from = Some(capture::read(&args.file)?);
            original
        }
        None => &args.file,
    };

    let progress = Progress::start();
    let report = replay::run(file, &options, &mut |step| tell(&progress, step))?;
    drop(progress);

    print(&report, out)?;
    if let Some(path) = &args.report {
        save(path, &(serde_json::to_string_pretty(&report)? + "\n"))?;
        writeln!(out, "report    {}", path.display())?;
    }
    if let Some(path) = &args.picture {
        save(path, &picture::svg(&report))?;
        writeln!(out, "picture   {}", path.display())?;
    }
    for wave in report.runs.iter().filter_map(|r| r.wave.as_ref()) {
        writeln!(out, "waveform  {wave}")?;
    }
    let complete = report.skipped.is_empty() || args.allow_skips;
    if report.agrees() && !complete {
        writeln!(
            out,
            "skipped connections count as a failure: --allow-skips accepts them"
        )?;
    }
    Ok(match report.agrees() && complete {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn tell(progress: &Progress, step: replay::Progress) {
    match step {
        // They are in the report, and printed with it.
        replay::Progress::Note(_) => {}
        replay::Progress::Building => {
            progress.task("model of the chip: compiled on first use, then from the cache")
        }
        replay::Progress::Built => progress.task("model of the chip: ready"),
        replay::Progress::Run { number, of, what } => {
            progress.task(&format!("run {number} of {of}, {what}"));
        }
        replay::Progress::Frames { done, of, cycle } => {
            progress.detail(format!("frame {done} of {of}, cycle {cycle}"));
        }
    }
}

fn print(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{}: preset {}, {} bits at {} MHz, {}",
        report.capture, report.preset, report.data_width, report.clock_mhz, report.pace
    )?;
    for note in &report.notes {
        writeln!(out, "  note: {note}")?;
    }
    for connection in &report.connections {
        print_connection(connection, out)?;
    }
    if report.fast_forwarded_cycles > 0 {
        writeln!(
            out,
            "\n{} idle cycles between frames were fast-forwarded",
            report.fast_forwarded_cycles
        )?;
    }
    let plain: u64 = report.runs.iter().map(|r| r.plain_frames).sum();
    if plain > 0 {
        writeln!(
            out,
            "{plain} frames of no installed connection went to the host whole"
        )?;
    }
    for skip in &report.skipped {
        writeln!(out, "skipped {}: {}", skip.connection, skip.reason)?;
    }
    for fault in &report.errors {
        writeln!(out, "ERROR {fault}")?;
    }
    for mismatch in &report.mismatches {
        writeln!(out, "MISMATCH {mismatch}")?;
    }
    let more = report.mismatch_count - report.mismatches.len() as u64;
    if more > 0 {
        writeln!(out, "and {more} mismatches more")?;
    }
    writeln!(out, "{}", report.verdict())?;
    Ok(())
}

fn print_connection(c: &ConnectionReport, out: &mut dyn Write) -> anyhow::Result<()> {
    let fpdus: Vec<String> = c.fpdus.iter().map(|(op, n)| format!("{op} {n}")).collect();
    let fpdus = match fpdus.is_empty() {
        true => "none".to_string(),
        false => fpdus.join(", "),
    };
    writeln!(out, "\n{}", c.name)?;
    writeln!(out, "  frames       {}", c.frames)?;
    writeln!(out, "  FPDUs        {fpdus}")?;
    let octets = c.bytes_placed + c.bytes_expected;
    let completions = c.completions + c.completions_expected;
    if c.fpdus.is_empty() && octets == 0 && completions == 0 {
        // The end that only sends.
        return ends_with(c, out);
    }
    writeln!(
        out,
        "  octets       {} placed, {} expected, {} compared",
        c.bytes_placed, c.bytes_expected, c.bytes_compared
    )?;
    writeln!(
        out,
        "  completions  {} of {}",
        c.completions, c.completions_expected
    )?;
    if c.read_requests > 0 {
        writeln!(out, "  Reads asked  {}", c.read_requests)?;
    }
    if c.atomic_requests > 0 {
        writeln!(out, "  Atomics asked {}", c.atomic_requests)?;
    }
    writeln!(
        out,
        "  throughput   {:.2} octets per cycle over {} cycles",
        c.bytes_per_cycle, c.cycles
    )?;
    if let Some(l) = &c.latency {
        writeln!(
            out,
            "  latency      {} min, {} median, {} max cycles from last beat to DMA request ({} / {} / {} ns)",
            l.min, l.median, l.max, l.min_ns, l.median_ns, l.max_ns
        )?;
    }
    ends_with(c, out)
}

fn ends_with(c: &ConnectionReport, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(end) = &c.ends_with {
        writeln!(out, "  ends with    {end}")?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(dir) => {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))
        }
        None => Ok(()),
    }
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    make_folder(path)?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    match text {
        "client" => Ok(Endpoint::Client),
        "server" => Ok(Endpoint::Server),
        "both" => Ok(Endpoint::Both),
        _ => text
            .parse::<SocketAddr>()
            .map(|a| Endpoint::Address(a.ip(), a.port()))
            .map_err(|_| {
                "give client, server, or an address with its port: 10.7.0.1:18515, [fe80::1]:18515"
                    .into()
            }),
    }
}

fn region(text: &str) -> Result<RegionOverride, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let [stag, base, len, rights] = parts[..] else {
        return Err("four parts are needed: STAG:BASE:LENGTH:RIGHTS".into());
    };
    let narrow = |what: &str, text: &str| {
        u32::try_from(number(what, text)?).map_err(|_| format!("{what} {text}: 32 bits at most"))
    };
    let mut region = RegionOverride {
        stag: narrow("STag", stag)?,
        base: number("base", base)?,
        len: narrow("length", len)?,
        rights: Rights::NONE,
    };
    if region.len == 0 {
        return Err("length 0: give 1 at least".into());
    }
    if rights == "none" {
        return Ok(region);
    }
    for letter in rights.chars() {
        match letter {
            'r' => region.rights.remote_read = true,
            // A sink of our Reads needs remote write in iWARP: one letter gives both.
            'w' => {
                region.rights.remote_write = true;
                region.rights.read_sink = true;
            }
            'i' => region.rights.remote_invalidate = true,
            _ => return Err(format!("right `{letter}`: choose of r, w, i, or none")),
        }
    }
    match rights.is_empty() {
        true => Err("no rights: choose of r, w, i, or none".into()),
        false => Ok(region),
    }
}

fn number(what: &str, text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("{what} `{text}`: give a decimal or 0x.. number of 64 bits at most"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read_or_refused_with_the_part_named() {
        let r = region("0x2f01:0x7f0000001000:65536:rw").unwrap();
        assert_eq!((r.stag, r.base, r.len), (0x2f01, 0x7f00_0000_1000, 65536));
        assert!(r.rights.remote_read && r.rights.remote_write && !r.rights.remote_invalidate);
        assert_eq!(region("1:0:1:none").unwrap().rights, Rights::NONE);
        for (text, want) in [
            ("1:2:3", "four parts are needed: STAG:BASE:LENGTH:RIGHTS"),
            (
                "x:2:3:r",
                "STag `x`: give a decimal or 0x.. number of 64 bits at most",
            ),
            ("0x100000000:2:3:r", "STag 0x100000000: 32 bits at most"),
            ("1:2:0:r", "length 0: give 1 at least"),
            ("1:2:3:q", "right `q`: choose of r, w, i, or none"),
            ("1:2:3:", "no rights: choose of r, w, i, or none"),
        ] {
            assert_eq!(region(text).unwrap_err(), want, "{text}");
        }
    }

    #[test]
    fn endpoints_are_sides_or_addresses() {
        assert_eq!(endpoint("server"), Ok(Endpoint::Server));
        let want = Endpoint::Address(std::net::Ipv4Addr::new(10, 7, 0, 1).into(), 18515);
        assert_eq!(endpoint("10.7.0.1:18515"), Ok(want));
        let six = std::net::Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let want = Endpoint::Address(six.into(), 18515);
        assert_eq!(endpoint("[fe80::1]:18515"), Ok(want));
        assert!(endpoint("10.7.0.1").is_err());
        assert!(endpoint("fe80::1:18515").is_err());
    }
}
