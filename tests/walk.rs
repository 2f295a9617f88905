//! `docs/operations.md` tells the truth: one RDMA Write walks through the chip, and what its ports show in which cycle
//! is what the page says.

use ferrowarp_abi::table::InstallRecord;
use ferrowarp_hdl::preset::{emit_chip, Preset};
use ferrowarp_testbench::build::FrameSpec;
use ferrowarp_testbench::chip::{self, Chip, Post, Region, StagRights, RQ_NIC};

/// Cycles of what the ports show of one frame, counted from its first beat.
#[derive(Debug, PartialEq)]
struct Seen {
    last_beat: u64,
    request: u64,
    first_data: u64,
    ack_event: Option<u64>,
}

fn walk(preset: &str) -> [Seen; 2] {
    let preset = Preset::find(preset).unwrap_or_else(|e| panic!("{e}"));
    let cfg = preset.cfg();
    let lib = chip::build(preset.data_width, &cfg, false).unwrap_or_else(|e| panic!("{e}"));
    let mut chip =
        Chip::new(&lib, &cfg, preset.data_width / 8, 1).unwrap_or_else(|e| panic!("{e}"));
    let spec = FrameSpec::default();
    let (v6, src, dst) = chip::addresses(spec.src.ip, spec.dst.ip);
    let record = InstallRecord {
        v6,
        src,
        dst,
        sport: spec.src.port,
        dport: spec.dst.port,
        vlan: None,
        gen: 1,
        func: 0,
        ird: 4,
        crc_en: true,
        sack: true,
        ts_recent: None,
        pd: 7,
        qpn: 9,
        markers_from: None,
        rcv_wnd: 65535,
        rcv_nxt: spec.seq,
        smsn: 1,
        rmsn: 1,
        snd_una: spec.ack,
        snd_nxt: spec.ack,
        max_wnd: 65535,
    };
    let region = Region {
        stag: 0x12_3456,
        rights: StagRights {
            remote_write: true,
            ..Default::default()
        },
        pd: 7,
        bound_to: None,
        base: 0x1000,
        len: 4096,
        pa: 0xabc0_0000,
    };
    chip.install(5, &record).unwrap_or_else(|e| panic!("{e}"));
    chip.register_region(&region)
        .unwrap_or_else(|e| panic!("{e}"));
    chip.post(Post {
        rq: RQ_NIC,
        idx: 3,
        addr: 0x6000_0000,
        len: 0x4000,
    });
    chip.drain(100, 1000).unwrap_or_else(|e| panic!("{e}"));

    let write = spec.write(region.stag, region.base + 16, 4);
    assert_eq!(write.len(), 78, "the smallest Write with data");
    let mut stranger = FrameSpec::default();
    stranger.src.port = 1;
    let plain = stranger.frame(&write[54..]);
    assert_eq!(plain.len(), 78);
    let start = chip.cycle() + 10;
    chip.send(start, write);
    chip.send(start + 100, plain);
    chip.drain(100, 1000).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        (chip.sent.len(), chip.writes.len(), chip.acks.len()),
        (2, 2, 1)
    );
    assert_eq!(
        (chip.writes[0].addr, chip.writes[0].len),
        (region.pa + 16, 4)
    );
    [0, 1].map(|i| {
        let (frame, write) = (&chip.sent[i], &chip.writes[i]);
        Seen {
            last_beat: frame.last - frame.first,
            request: write.req_cycle - frame.first,
            first_data: write.first_data - frame.first,
            ack_event: chip.acks.get(i).map(|a| a.cycle - frame.first),
        }
    })
}

/// The two cycles (64 b, 512 b) of the row of `docs/operations.md` that is marked with this port.
fn said(port: &str) -> [u64; 2] {
    let page = include_str!("../docs/operations.md");
    let mark = format!("| \\* {port} |");
    let row = page.lines().find(|line| line.contains(&mark));
    let row = row.unwrap_or_else(|| panic!("docs/operations.md has no row `{mark}`"));
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    [1, 2].map(|i| cells[i].parse().unwrap_or_else(|e| panic!("{row}: {e}")))
}

/// Added cycles over the NIC path, tail to request: at most 3, here for this one frame.
fn agrees(preset: &str, column: usize) {
    let [write, plain] = walk(preset);
    println!("{preset}: {write:?}, plain {plain:?}");
    assert_eq!(write.request, said("`dma_wr_req`")[column]);
    assert_eq!(write.first_data, said("`dma_wr_data`")[column]);
    assert_eq!(write.ack_event, Some(said("`ack_event`")[column]));
    assert_eq!(plain.request, said("`dma_wr_req` (plain)")[column]);
    assert_eq!(plain.first_data, said("`dma_wr_data` (plain)")[column]);
    assert_eq!(write.last_beat, plain.last_beat);
    assert!(write.request <= plain.request + 3);
}

#[test]
fn dc_25g() {
    agrees("dc-25g", 0);
}

#[test]
fn dc_100g() {
    agrees("dc-100g", 1);
}

/// Every module that a row names is an instance in the chip.
#[test]
fn every_module_named_exists() {
    let preset = Preset::find("ecp5-versa").unwrap_or_else(|e| panic!("{e}"));
    let chip = emit_chip(&preset).unwrap_or_else(|e| panic!("{e}"));
    let page = include_str!("../docs/operations.md");
    let mut named = 0;
    for row in page.lines().filter(|l| l.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let digits = |s: &str| s.starts_with(|c: char| c.is_ascii_digit());
        if cells.len() < 6 || !digits(cells[1]) || cells[4].starts_with("\\*") {
            continue;
        }
        // "`pipe.tables` (`ddp.rs`), `tpt_pop`": the first name is a path of instances.
        let path = cells[4].split('`').nth(1).unwrap_or_default();
        for instance in path.split('.') {
            let place = format!(" {instance} (");
            assert!(
                chip.verilog.contains(&place),
                "no instance `{instance}`: {row}"
            );
            named += 1;
        }
    }
    assert!(named > 20, "only {named} names found");
}
