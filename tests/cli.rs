//! The command as its user meets it: what it writes, what it says, how it exits.

use std::path::PathBuf;
use std::process::{Command, Output};

fn ferrowarp(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ferrowarp"))
        .args(args)
        .output()
        .expect("the command starts")
}

fn stdout(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// Exit code `code`, nothing on stdout, and `line` alone on stderr.
fn refused(args: &[&str], code: i32, line: &str) {
    let out = ferrowarp(args);
    assert_eq!(stderr(&out), format!("{line}\n"), "{args:?}");
    assert_eq!(out.status.code(), Some(code), "{args:?}");
    assert_eq!(stdout(&out), "", "{args:?}");
}

/// A fresh folder for one test.
fn folder(test: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a folder under target/tmp");
    dir
}

#[test]
fn presets_lists_the_four() {
    let out = ferrowarp(&["presets"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let names: Vec<String> = stdout(&out)
        .lines()
        .skip(1)
        .filter_map(|l| l.split_whitespace().next().map(str::to_string))
        .collect();
    assert_eq!(names, ["ecp5-versa", "ecp5-1g", "dc-25g", "dc-100g"]);
}

#[test]
fn emit_writes_verilog_ports_and_preset() {
    let dir = folder("emit");
    let path = dir.join("new/out");
    let out = ferrowarp(&[
        "emit",
        "--preset",
        "ecp5-versa",
        "-o",
        &path.display().to_string(),
    ]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert_eq!(stdout(&out).lines().count(), 3, "{}", stdout(&out));
    let read = |name: &str| {
        let file = path.join(name);
        assert!(
            stdout(&out).contains(&file.display().to_string()),
            "{name} is not reported"
        );
        std::fs::read_to_string(file).expect(name)
    };
    let verilog = read("chip.v");
    assert!(verilog.contains("module chip"));
    let ports = read("ports.md");
    for stream in ferrowarp_abi::stream::STREAMS {
        let port = format!("| `{}_", stream.name);
        let heading = format!("## {}\n", stream.name);
        assert_eq!(
            ports.contains(&port),
            ports.contains(&heading),
            "{}",
            stream.name
        );
    }
    assert!(ports.contains("| `mac_rx_tdata` | in | 64 |"));
    assert!(!ports.contains("| |\n\n"), "a port has no description");

    // The preset it leaves is a preset: edited, it gives another chip.
    let mine = dir.join("mine.toml");
    std::fs::write(
        &mine,
        read("preset.toml").replace("conn_bits = 7", "conn_bits = 8"),
    )
    .expect("written");
    let other = dir.join("other");
    let out = ferrowarp(&[
        "emit",
        "--preset",
        &mine.display().to_string(),
        "-o",
        &other.display().to_string(),
    ]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert_ne!(
        std::fs::read_to_string(other.join("chip.v")).expect("chip.v"),
        verilog
    );
}

#[test]
fn bad_input_is_one_line_and_exit_1() {
    let known =
        "choose one of ecp5-versa, ecp5-1g, dc-25g, dc-100g, or give the path of a .toml file";
    refused(
        &["emit", "--preset", "dc-10g", "-o", "/nonexistent/x"],
        1,
        &format!("ferrowarp: unknown preset `dc-10g`: {known}"),
    );
    refused(
        &[
            "emit",
            "--preset",
            "dc-25g",
            "--width",
            "72",
            "-o",
            "/nonexistent/x",
        ],
        1,
        "ferrowarp: preset dc-25g: data_width = 72: choose 64, 128, 256 or 512 bits",
    );
    let dir = folder("bad_input");
    let file = dir.join("f");
    std::fs::write(&file, "not = [a preset").expect("written");
    let out = ferrowarp(&[
        "emit",
        "--preset",
        "ecp5-versa",
        "-o",
        &file.display().to_string(),
    ]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        stderr(&out).starts_with(&format!("ferrowarp: cannot make {}", file.display())),
        "{}",
        stderr(&out)
    );
    let toml = dir.join("broken.toml");
    std::fs::copy(&file, &toml).expect("copied");
    let out = ferrowarp(&["presets", "--toml", &toml.display().to_string()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        stderr(&out).starts_with(&format!("ferrowarp: preset {}: line 1: ", toml.display())),
        "{}",
        stderr(&out)
    );
    assert_eq!(stderr(&out).lines().count(), 1);
}

#[test]
fn a_wrong_command_line_is_one_line_and_exit_2() {
    refused(&["emmit"], 2, "ferrowarp: unrecognized subcommand 'emmit' tip: a similar subcommand exists: 'emit'; see `ferrowarp --help`");
    refused(
        &["emit", "--preset", "dc-25g"],
        2,
        "ferrowarp: the following required arguments were not provided: --output <DIR>; see `ferrowarp emit --help`",
    );
    assert_eq!(ferrowarp(&[]).status.code(), Some(2));
}

#[test]
fn every_command_explains_itself_with_examples() {
    let out = ferrowarp(&["--help"]);
    assert!(out.status.success());
    let commands: Vec<String> = stdout(&out)
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.split_whitespace().next().map(str::to_string))
        .filter(|name| name != "help")
        .collect();
    assert!(commands.len() >= 2, "{commands:?}");
    for command in commands {
        let out = ferrowarp(&[&command, "--help"]);
        assert!(out.status.success(), "{command}");
        assert!(
            stdout(&out).contains("Examples:"),
            "{command} has no examples"
        );
    }
}

const TRACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testbench/traces");

#[test]
fn replay_compares_and_leaves_report_and_picture() {
    let dir = folder("replay");
    let (report, picture) = (dir.join("r/replay.json"), dir.join("r/replay.svg"));
    let file = format!("{TRACES}/80_rping.pcap");
    let out = ferrowarp(&[
        "replay",
        &file,
        "--preset",
        "dc-25g",
        "--report",
        &report.display().to_string(),
        "--picture",
        &picture.display().to_string(),
    ]);
    assert!(out.status.success(), "{}{}", stdout(&out), stderr(&out));
    assert!(stdout(&out).contains("\nagrees: "), "{}", stdout(&out));
    let text = std::fs::read_to_string(&report).expect("a report");
    let json: serde_json::Value = serde_json::from_str(&text).expect("the report is JSON");
    for key in [
        "frames",
        "fpdus",
        "bytes_placed",
        "bytes_expected",
        "bytes_compared",
        "completions",
        "mismatches",
        "errors",
        "skipped",
    ] {
        assert!(!json[key].is_null(), "the report has no `{key}`");
    }
    assert_eq!(json["bytes_placed"], json["bytes_expected"]);
    assert_eq!(json["bytes_compared"], json["bytes_expected"]);
    assert!(json["bytes_placed"].as_u64() > Some(0));
    // Both sides, one after the other.
    assert_eq!(json["connections"].as_array().map(Vec::len), Some(2));
    let svg = std::fs::read_to_string(&picture).expect("a picture");
    assert!(svg.starts_with("<svg "));
}

#[test]
fn replay_lists_what_it_skips_and_fails_unless_allowed() {
    use ferrowarp_testbench::capture;
    let dir = folder("skips");
    let whole = capture::read(format!("{TRACES}/31_crc_both.pcap").as_ref()).expect("a capture");
    // The first connection loses its handshake.
    let mut cut = whole.clone();
    cut.frames.drain(..6);
    let file = dir.join("cut.pcap");
    capture::write(&file, &cut).expect("written");
    let file = file.display().to_string();
    let args = ["replay", &file, "--preset", "dc-25g"];
    let out = ferrowarp(&args);
    assert_eq!(
        out.status.code(),
        Some(1),
        "{}{}",
        stdout(&out),
        stderr(&out)
    );
    assert!(
        stdout(&out).lines().any(|l| l.starts_with("skipped ")),
        "{}",
        stdout(&out)
    );
    assert!(stdout(&out).contains("--allow-skips"), "{}", stdout(&out));
    let out = ferrowarp(&[&args[..], &["--allow-skips"]].concat());
    assert!(out.status.success(), "{}{}", stdout(&out), stderr(&out));
}

#[test]
fn replay_refuses_what_is_no_capture_in_one_line() {
    let dir = folder("no_capture");
    let file = dir.join("x.pcap");
    let name = file.display().to_string();
    refused(
        &["replay", &name],
        1,
        &format!("ferrowarp: {name}: No such file or directory (os error 2)"),
    );
    std::fs::write(&file, "").expect("written");
    refused(
        &["replay", &name],
        1,
        &format!("ferrowarp: {name}: the file is empty; record again"),
    );
    std::fs::write(&file, "no capture at all, but text of some length").expect("written");
    let out = ferrowarp(&["replay", &name]);
    assert_eq!(out.status.code(), Some(1));
    assert!(stderr(&out).contains("not a capture"), "{}", stderr(&out));
    assert_eq!(stderr(&out).lines().count(), 1, "{}", stderr(&out));
}

#[test]
fn replay_options_are_checked() {
    for (option, value, want) in [
        (
            "--endpoint",
            "10.7.0.1",
            "give client, server, or an address with its port",
        ),
        (
            "--region",
            "1:2:3",
            "four parts are needed: STAG:BASE:LENGTH:RIGHTS",
        ),
        (
            "--region",
            "1:2:3:x",
            "right `x`: choose of r, w, i, or none",
        ),
    ] {
        let out = ferrowarp(&["replay", "x.pcap", option, value]);
        assert_eq!(out.status.code(), Some(2), "{option} {value}");
        assert!(stderr(&out).contains(want), "{}", stderr(&out));
        assert!(
            stderr(&out).ends_with("; see `ferrowarp replay --help`\n"),
            "{}",
            stderr(&out)
        );
        assert_eq!(stderr(&out).lines().count(), 1, "{}", stderr(&out));
    }
}

/// The waveform opens in the library of a viewer, and shows the chip's ports move.
#[test]
fn a_waveform_opens_and_holds_the_chip() {
    let dir = folder("wave");
    let wave = dir.join("chip.fst");
    let out = ferrowarp(&[
        "replay",
        &format!("{TRACES}/80_rping.pcap"),
        "--preset",
        "dc-25g",
        "--endpoint",
        "server",
        "--line-rate",
        "--wave",
        &wave.display().to_string(),
        "--wave-cycles",
        "3000",
    ]);
    assert!(out.status.success(), "{}{}", stdout(&out), stderr(&out));
    assert!(
        stdout(&out).contains(&format!("waveform  {}", wave.display())),
        "{}",
        stdout(&out)
    );
    let mut fst = wellen::simple::read(&wave).expect("an FST that opens");
    assert!(fst.time_table().len() > 1000, "{}", fst.time_table().len());
    let named = |end: &str| {
        let h = fst.hierarchy();
        let found = h.iter_vars().find(|v| {
            let name = v.full_name(h);
            name == end || name.ends_with(&format!(".{end}"))
        });
        found
            .unwrap_or_else(|| panic!("no signal {end}"))
            .signal_ref()
    };
    // A port of the top, and a block inside under the name of its source.
    let signals = ["chip.dma_wr_req_tvalid", "chip.mac_rx_tvalid"].map(named);
    let inside = fst.hierarchy().iter_vars();
    let inside = inside
        .filter(|v| v.full_name(fst.hierarchy()).contains("chip.pipe.place."))
        .count();
    assert!(inside > 10, "{inside} signals in chip.pipe.place");
    fst.load_signals(&signals);
    for signal in signals {
        let changes = fst.get_signal(signal).expect("loaded").time_indices().len();
        assert!(changes > 10, "a port changes {changes} times");
    }
}

/// Two chips at small presets: every octet arrives, and what is written can be read.
#[test]
fn link_runs_a_workload() {
    let dir = folder("link");
    let (report, pcap) = (dir.join("link.json"), dir.join("wire.pcap"));
    let out = ferrowarp(&[
        "link",
        "mix",
        "--size",
        "3000",
        "--iters",
        "20",
        "--connections",
        "2",
        "--loss",
        "0.02",
        "--reorder",
        "0.02",
        "--report",
        &report.display().to_string(),
        "--pcap",
        &pcap.display().to_string(),
    ]);
    let text = stdout(&out);
    assert!(out.status.success(), "{text}{}", stderr(&out));
    assert!(text.contains("BW average[Gb/s]"), "{text}");
    assert!(text.contains("octets compared, all as sent"), "{text}");
    let report = std::fs::read_to_string(&report).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["outcome"]["messages"], 80);
    assert!(report["bw_average_gbps"].as_f64().expect("a number") > 0.1);
    let frames = ferrowarp_testbench::capture::read(&pcap).expect("a capture");
    let sent: u64 = (0..2)
        .filter_map(|n| report["outcome"]["ends"][n]["frames"].as_u64())
        .sum();
    assert!(frames.frames.len() as u64 >= sent);
}

#[test]
fn link_latency_is_said_in_cycles() {
    let out = ferrowarp(&["link", "send-lat", "--iters", "5", "--delay", "100"]);
    let text = stdout(&out);
    assert!(out.status.success(), "{text}{}", stderr(&out));
    assert!(text.contains("t_typical[cycles]"), "{text}");
}

#[test]
fn link_refuses_what_it_cannot() {
    let link = |more: &[&str], line: &str| {
        let mut args = vec!["link", "write-bw"];
        args.extend(more);
        refused(&args, 1, line);
    };
    link(
        &["--preset", "ecp5-versa", "--mtu", "9000"],
        "ferrowarp: --mtu 9000: preset ecp5-versa takes frames of 1522 octets, an MTU of 1504 at most",
    );
    link(
        &["--rate", "40"],
        "ferrowarp: --rate 40: preset dc-25g has a line of 25 Gb/s, choose up to that",
    );
    link(
        &["--size", "1000000", "--iters", "1000"],
        "ferrowarp: 1000 messages of 1000000 octets: 268435456 octets a connection at most, choose fewer or smaller ones",
    );
    let out = ferrowarp(&["link", "read-bw"]);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    let out = ferrowarp(&["link", "mix", "--loss", "2"]);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    assert_eq!(stderr(&out).lines().count(), 1, "{}", stderr(&out));
}
