//! `ferrowarp link`: two chips back to back on a simulated wire, and a workload between them.

use super::progress::Progress;
use anyhow::{bail, Context};
use clap::ValueEnum;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_hdl::tx::{TxCfg, WorkCfg};
use ferrowarp_testbench::capture::{self, Capture, CapturedFrame};
use ferrowarp_testbench::golden::tx::link::LinkConfig;
use ferrowarp_testbench::nic::pair::{Pair, PairConfig};
use ferrowarp_testbench::nic::workload::{self, Kind, Outcome, Workload};
use ferrowarp_testbench::nic::Settings;
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Put two chips back to back on a simulated wire and run a workload between them.
///
/// Both are the cycle-accurate chip: receive path and transmit path, joined at their seams. Work requests go through send queues in
/// simulated host memory, TCP repairs what the wire does, and in the end every octet is compared with what was sent. Names and
/// columns are perftest's. Connections are set up before the clock starts.
///
/// Exit code 1 when an octet differs, nothing moves any more, or a connection is lost.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ferrowarp link write-bw
  ferrowarp link send-bw --size 65536 --connections 4 --loss 0.01 --delay 5000
  ferrowarp link write-lat --size 8 --preset dc-100g
  ferrowarp link mix --loss 0.02 --reorder 0.02 --duplicate 0.01 --pcap wire.pcap --report link.json")]
pub struct Args {
    /// What is sent: Writes or Sends as fast as they go, one there and one back in turn, or any of both in both directions.
    #[arg(value_enum)]
    workload: Name,
    /// A preset of `ferrowarp presets`, or the path of a .toml file.
    #[arg(long, value_name = "PRESET", default_value = "dc-25g")]
    preset: String,
    /// Octets of a message; of mix, at most. Default: 4096, for latency 8.
    #[arg(long, value_name = "OCTETS", value_parser = clap::value_parser!(u32).range(1..=16_777_216))]
    size: Option<u32>,
    /// Messages of each connection.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    iters: u32,
    /// Connections that share the wire.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: u16,
    /// Work requests of a connection under way. With Sends not more than half of the receives that a queue holds.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=64))]
    depth: u32,
    /// Line rate in Gb/s. Default: the preset's, which is also the most.
    #[arg(long, value_name = "GBPS")]
    rate: Option<f64>,
    /// Delay of the wire in ns, each way.
    #[arg(long, value_name = "NS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(0..=10_000_000))]
    delay: u64,
    /// Octets of an IP packet.
    #[arg(long, value_name = "OCTETS", default_value_t = 1500, value_parser = clap::value_parser!(u16).range(576..=9000))]
    mtu: u16,
    /// Share of frames that are lost, 0 to 0.5, of both directions; likewise the next ones.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    loss: f64,
    /// Share of frames that come twice.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    duplicate: f64,
    /// Share of frames that come later than those behind them.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    reorder: f64,
    /// Share of frames with one bit flipped.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    corrupt: f64,
    /// Of the wire's faults, the data and the sizes of mix: the same seed gives the same run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// MPA CRC is not used.
    #[arg(long)]
    no_crc: bool,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the frames of both directions, as they were offered to the wire.
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    WriteBw,
    SendBw,
    WriteLat,
    SendLat,
    Mix,
}

impl Name {
    fn kind(self) -> Kind {
        match self {
            Name::WriteBw => Kind::WriteBw,
            Name::SendBw => Kind::SendBw,
            Name::WriteLat => Kind::WriteLat,
            Name::SendLat => Kind::SendLat,
            Name::Mix => Kind::Mix,
        }
    }

    fn latency(self) -> bool {
        matches!(self, Name::WriteLat | Name::SendLat)
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(v) if (0.0..=0.5).contains(&v) => Ok(v),
        _ => Err("a share is a number from 0 to 0.5, 0.01 is one in a hundred".into()),
    }
}

/// IP and TCP headers, and a VLAN-free Ethernet header.
const IP_TCP: u16 = 40;
const ETHERNET: usize = 14;
/// Connections that the transmit path is built for so far.
const CONN_BITS: usize = 8;

fn config(args: &Args, preset: &Preset) -> anyhow::Result<PairConfig> {
    let width = preset.data_width;
    if width != 64 && width != 512 {
        bail!(
            "preset {} has {width} bits: the transmit path is made for 64 and 512",
            preset.name
        );
    }
    let cfg = preset.cfg();
    let conn_bits = cfg.conn_bits.min(CONN_BITS);
    if usize::from(args.connections) > 1 << conn_bits {
        bail!(
            "{} connections: preset {} simulates {} at most",
            args.connections,
            preset.name,
            1 << conn_bits
        );
    }
    let frame = usize::from(args.mtu) + ETHERNET;
    if frame > cfg.max_frame {
        bail!(
            "--mtu {}: preset {} takes frames of {} octets, an MTU of {} at most",
            args.mtu,
            preset.name,
            cfg.max_frame,
            cfg.max_frame - ETHERNET - 4
        );
    }
    let rate = args.rate.unwrap_or(preset.line_gbps);
    if !(rate > 0.0 && rate <= preset.line_gbps) {
        bail!(
            "--rate {rate}: preset {} has a line of {} Gb/s, choose up to that",
            preset.name,
            preset.line_gbps
        );
    }
    let size = args
        .size
        .unwrap_or(if args.workload.latency() { 8 } else { 4096 });
    let all = u64::from(size) * u64::from(args.iters);
    if all > workload::MOST as u64 {
        bail!("{} messages of {size} octets: {} octets a connection at most, choose fewer or smaller ones", args.iters, workload::MOST);
    }
    Ok(PairConfig {
        width,
        tx: TxCfg {
            conn_bits,
            max_frame: cfg.max_frame,
            ipv6: cfg.ipv6,
            markers: false,
            sack: cfg.sack,
        },
        work: WorkCfg {
            conn_bits,
            slot_bits: 5,
            rec_bits: 9,
            buf_bits: 16,
            tag_bits: 6,
        },
        settings: Settings {
            tick: preset.clock_mhz.round() as u16,
            rto_init: 3000,
            rto_min: 1000,
            rto_max: 64_000,
            r2: 10_000_000,
            delay: 100,
            gap: 100,
            quantum: 4,
            dma_latency: (preset.clock_mhz * DMA_NS / 1000.0) as u64,
            line: (rate * 125_000.0 / preset.clock_mhz) as u64,
        },
        period_ps: (1e6 / preset.clock_mhz) as u64,
        conns: args.connections,
        mss: args.mtu - IP_TCP,
        window: 60_000,
        scale: 4,
        timestamps: cfg.timestamps,
        sack: cfg.sack && cfg.timestamps,
        crc: !args.no_crc,
        sq_log: 7,
        region: workload::MOST as u32,
        link: LinkConfig {
            seed: args.seed,
            delay: args.delay,
            loss: args.loss,
            duplicate: args.duplicate,
            reorder: args.reorder,
            reorder_by: args.delay.max(2000),
            corrupt: args.corrupt,
            ..LinkConfig::default()
        },
        seed: args.seed,
        chip: cfg,
    })
}

/// Simulated host memory answers a read after so many nanoseconds.
const DMA_NS: f64 = 500.0;

#[derive(Serialize)]
struct Report<'a> {
    workload: String,
    preset: &'a str,
    size: usize,
    iters: u32,
    connections: u16,
    seed: u64,
    rate_gbps: f64,
    delay_ns: u64,
    dma_read_ns: f64,
    bw_peak_gbps: f64,
    bw_average_gbps: f64,
    message_rate_mpps: f64,
    outcome: Outcome,
}

pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let preset = Preset::find(&args.preset)?;
    let cfg = config(args, &preset)?;
    let size = args
        .size
        .unwrap_or(if args.workload.latency() { 8 } else { 4096 }) as usize;
    let w = Workload {
        kind: args.workload.kind(),
        size,
        iters: args.iters as usize,
        depth: args.depth as usize,
        seed: args.seed,
    };
    let progress = Progress::start();
    progress.task("models of the chip: compiled on first use, then from the cache");
    let mut pair = Pair::new(&cfg)?;
    if args.pcap.is_some() {
        pair.tap = Some(vec![]);
    }
    progress.task("running");
    let outcome = workload::run(&mut pair, &cfg, &w, &mut |done, of, cycle| {
        progress.detail(format!("{done} of {of} messages, cycle {cycle}"));
    });
    drop(progress);
    // A lost connection is looked for in the frames: they are written in any case.
    if let (Some(path), Some(tap)) = (&args.pcap, &pair.tap) {
        let frames = tap
            .iter()
            .enumerate()
            .map(|(n, (at, _, data))| CapturedFrame {
                number: n + 1,
                time: Duration::from_nanos(*at),
                data: data.clone(),
            });
        let capture = Capture {
            name: path.display().to_string(),
            frames: frames.collect(),
        };
        capture::write(path, &capture)?;
        writeln!(out, "frames    {}", path.display())?;
    }
    let o = outcome?;

    let ns = |cycles: f64| cycles * 1000.0 / preset.clock_mhz;
    let seconds = ns(o.cycles as f64);
    let average = o.octets as f64 * 8.0 / seconds;
    let each = o.octets as f64 / o.messages as f64;
    let peak = o.peak.0 as f64 * each * 8.0 / ns(o.peak.1 as f64);
    let rate = o.messages as f64 / seconds * 1000.0;
    writeln!(
        out,
        "{} over preset {}: {} connections, delay {} ns, DMA reads answered after {DMA_NS} ns",
        args.workload
            .to_possible_value()
            .map_or(String::new(), |v| v.get_name().to_string()),
        preset.name,
        cfg.conns,
        args.delay
    )?;
    if args.workload.latency() {
        let mut t = o.half_trips.clone();
        t.sort_by(f64::total_cmp);
        let at = |share: f64| {
            t.get(((t.len() as f64 * share) as usize).min(t.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0.0)
        };
        writeln!(out, "#bytes  #iterations  t_min[cycles]  t_typical[cycles]  99%[cycles]  t_min[ns]  t_typical[ns]  99%[ns]")?;
        let (min, mid, most) = (at(0.0), at(0.5), at(0.99));
        writeln!(
            out,
            "{size:<7} {:<12} {min:<14.1} {mid:<18.1} {most:<12.1} {:<10.1} {:<14.1} {:.1}",
            args.iters,
            ns(min),
            ns(mid),
            ns(most)
        )?;
    } else {
        writeln!(
            out,
            "#bytes  #iterations  BW peak[Gb/s]  BW average[Gb/s]  MsgRate[Mpps]"
        )?;
        writeln!(
            out,
            "{size:<7} {:<12} {peak:<14.3} {average:<17.3} {rate:.4}",
            args.iters
        )?;
    }
    for (n, e) in o.ends.iter().enumerate() {
        writeln!(
            out,
            "end {n}: {} frames, {} lost, {} timeouts, {} fast retransmits",
            e.frames, e.lost, e.timeouts, e.fast_retransmits
        )?;
    }
    writeln!(out, "{} octets compared, all as sent", o.octets)?;
    if let Some(path) = &args.report {
        let report = Report {
            workload: format!("{:?}", args.workload),
            preset: &preset.name,
            size,
            iters: args.iters,
            connections: args.connections,
            seed: args.seed,
            rate_gbps: args.rate.unwrap_or(preset.line_gbps),
            delay_ns: args.delay,
            dma_read_ns: DMA_NS,
            bw_peak_gbps: peak,
            bw_average_gbps: average,
            message_rate_mpps: rate,
            outcome: o,
        };
        let text = serde_json::to_string_pretty(&report)? + "\n";
        fs::write(path, text).with_context(|| format!("{}", path.display()))?;
        writeln!(out, "report    {}", path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
