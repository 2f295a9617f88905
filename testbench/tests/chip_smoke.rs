//! One Write, one Send and one plain frame through the chip at every width.
use ferrowarp_abi::code::cpl_kind;
use ferrowarp_abi::register::{ADDR_GEOMETRY, GEOMETRY};
use ferrowarp_abi::table::InstallRecord;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_testbench::build::FrameSpec;
use ferrowarp_testbench::chip::{self, Chip, Post, Region, StagRights, RQ_NIC};

fn cfg(latency: usize) -> Cfg {
    Cfg {
        latency,
        stage_bits: 12,
        slot_bits: 5,
        pool_bits: 12,
        blk_bits: 3,
        conn_bits: 6,
        bucket_bits: 5,
        tpt_set_bits: 5,
        rq_bits: 3,
        ord_bits: 2,
        max_frame: 9018,
        max_fpdu: 16384,
        window: 8,
        ipv6: false,
        sack: true,
        markers: true,
        timestamps: true,
        parts: true,
        sliced: false,
    }
}

fn record(spec: &FrameSpec) -> InstallRecord {
    let (v6, src, dst) = chip::addresses(spec.src.ip, spec.dst.ip);
    InstallRecord {
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
    }
}

fn smoke(width: usize, latency: usize) {
    smoke_with(width, &cfg(latency));
}

/// The tables and limits of a preset as it is, at its own width or at another.
fn smoke_preset(name: &str, width: Option<usize>) {
    let mut preset = Preset::find(name).unwrap_or_else(|e| panic!("{e}"));
    if let Some(width) = width {
        preset = preset.with_width(width).unwrap_or_else(|e| panic!("{e}"));
    }
    smoke_with(preset.data_width, &preset.cfg());
}

fn smoke_with(width: usize, cfg: &Cfg) {
    let lib = chip::build(width, cfg, false).unwrap_or_else(|e| panic!("{e}"));
    let mut c = Chip::new(&lib, cfg, width / 8, 1).unwrap();
    let mut spec = FrameSpec::default();
    c.install(5, &record(&spec)).unwrap();
    let rights = StagRights {
        remote_write: true,
        ..Default::default()
    };
    c.register_region(&Region {
        stag: 0x0012_3456,
        rights,
        pd: 7,
        bound_to: None,
        base: 0x1000,
        len: 4096,
        pa: 0xabc0_0000,
    })
    .unwrap();
    c.post(Post {
        rq: 5,
        idx: 77,
        addr: 0x5000_0000,
        len: 2000,
    });
    c.post(Post {
        rq: RQ_NIC,
        idx: 3,
        addr: 0x6000_0000,
        len: 0x4000,
    });
    for _ in 0..50 {
        c.tick().unwrap();
    }
    let base = c.cycle() + 10;
    let write = spec.write(0x0012_3456, 0x1010, 100);
    spec.seq = spec.seq.wrapping_add(write.len() as u32 - 54);
    let send = spec.send(1, 333);
    let mut other = FrameSpec::default();
    other.src.port = 1;
    let plain = other.frame(&[0x55; 200]);
    c.send(base, write);
    c.send(base + 100, send);
    c.send(base + 300, plain.clone());
    c.drain(200, 20_000).unwrap();
    println!("width {width}: sent {:?}", c.sent);
    for w in &c.writes {
        println!(
            "write {:#x} len {} class {} req {} first {} last {}",
            w.addr, w.len, w.class, w.req_cycle, w.first_data, w.last_data
        );
    }
    println!("{:?}\n{:?}", c.events, c.acks);
    println!("{:?}", c.counters().unwrap());
    assert_eq!(c.writes.len(), 3);
    assert_eq!((c.writes[0].addr, c.writes[0].len), (0xabc0_0010, 100));
    assert_eq!((c.writes[1].addr, c.writes[1].len), (0x5000_0000, 333));
    assert_eq!(c.writes[2].data, plain);
    let kinds: Vec<u8> = c.events.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [cpl_kind::RECV, cpl_kind::NIC]);
    assert_eq!((c.events[0].rqe_idx, c.events[0].len), (77, 333));
    ipv6(&mut c, cfg);
    markers(&mut c, cfg);
}

/// A connection with Markers is installed, or refused where the preset cannot take them out.
fn markers(c: &mut Chip, cfg: &Cfg) {
    let spec = FrameSpec::default();
    let mut with = record(&spec);
    with.sport += 1;
    with.markers_from = Some(spec.seq);
    let got = c.install(7, &with).map_err(|e| e.to_string());
    let place = GEOMETRY.iter().position(|(name, _)| *name == "markers");
    let address = ADDR_GEOMETRY + 4 * place.unwrap() as u16;
    assert_eq!(c.register(address).unwrap(), u32::from(cfg.markers));
    if cfg.markers {
        assert_eq!(got, Ok(()));
    } else {
        let e = got.expect_err("refused");
        assert!(e.contains("NO_MARKERS"), "{e}");
    }
}

/// The same Write over IPv6: placed, or where the preset has none the connection is refused and the frame the host's.
fn ipv6(c: &mut Chip, cfg: &Cfg) {
    c.post(Post {
        rq: RQ_NIC,
        idx: 4,
        addr: 0x6001_0000,
        len: 0x4000,
    });
    let spec = FrameSpec::default().ipv6();
    let got = c.install(6, &record(&spec)).map_err(|e| e.to_string());
    let place = GEOMETRY.iter().position(|(name, _)| *name == "ipv6");
    let address = ADDR_GEOMETRY + 4 * place.unwrap() as u16;
    assert_eq!(c.register(address).unwrap(), u32::from(cfg.ipv6));
    let write = spec.write(0x0012_3456, 0x1020, 50);
    let now = c.cycle();
    c.send(now, write.clone());
    c.drain(200, 20_000).unwrap();
    let w = c.writes.last().unwrap();
    if cfg.ipv6 {
        assert_eq!(got, Ok(()));
        assert_eq!((w.addr, w.len), (0xabc0_0020, 50));
    } else {
        let e = got.expect_err("refused");
        assert!(e.contains("NO_IPV6"), "{e}");
        assert_eq!((w.addr, &w.data), (0x6001_0000, &write));
    }
}

#[test]
fn smoke_64() {
    smoke(64, 2);
}

#[test]
fn smoke_512() {
    smoke(512, 3);
}

#[test]
fn smoke_ecp5_versa() {
    smoke_preset("ecp5-versa", None);
}

#[test]
fn smoke_ecp5_1g() {
    smoke_preset("ecp5-1g", None);
}

#[test]
fn smoke_dc_25g_at_128() {
    smoke_preset("dc-25g", Some(128));
}

#[test]
fn smoke_dc_100g_at_256() {
    smoke_preset("dc-100g", Some(256));
}
