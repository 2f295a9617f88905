//! The transmit core in Verilator, as far as a chip that only answers needs it: connections in, reports in, frames out.

use ferrowarp_hdl::emit::{emit, FieldInfo};
use ferrowarp_hdl::tx::core::Core as Block;
use ferrowarp_hdl::tx::TxCfg;
use ferrowarp_sim::stream::Monitor;
use ferrowarp_sim::{Model, ModelBuilder, ModelLib, PortId};
use ferrowarp_testbench::chip::{AckEvent, Mirror};
use ferrowarp_testbench::wire::frame::Endpoint;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

pub const CONN_BITS: usize = 4;
/// Cycles of a time unit: 1 us.
const TICK: u64 = 250;
/// Time units that an acknowledgement may wait.
pub const DELAY: u64 = 200;

/// A connection of ours.
pub struct Install {
    pub conn: u16,
    pub gen: u8,
    pub ours: Endpoint,
    pub peer: Endpoint,
    pub snd_nxt: u32,
    pub rcv_nxt: u32,
    pub rcv_wnd: u16,
    pub mss: u16,
    pub ts_recent: Option<u32>,
    pub sack: bool,
}

pub struct Core {
    model: Model,
    ports: HashMap<String, PortId>,
    tmpl: Vec<FieldInfo>,
    monitors: Vec<Monitor>,
    /// Waits for the block.
    pub reports: VecDeque<AckEvent>,
    installs: VecDeque<Install>,
    frame: Vec<u8>,
    pub frames: VecDeque<Vec<u8>>,
    pub mirrors: VecDeque<Mirror>,
}

fn emitted(width: usize) -> (String, Vec<FieldInfo>) {
    let cfg = TxCfg {
        conn_bits: CONN_BITS,
        max_frame: 1522,
        ipv6: true,
        markers: false,
    };
    let out = match width {
        64 => {
            let b = Box::new(Block::<64, 8, 3, 4>::new(&cfg));
            emit(&*b, "tx_core")
        }
        _ => {
            let b = Box::new(Block::<512, 64, 6, 7>::new(&cfg));
            emit(&*b, "tx_core")
        }
    };
    let out = out.unwrap_or_else(|e| panic!("{width} bits: {e}"));
    let tmpl = out.ports().iter().find(|p| p.name == "tmpl");
    let tmpl = tmpl.expect("a port").fields.clone();
    (out.verilog, tmpl)
}

fn mac(at: &Endpoint) -> u128 {
    at.mac.0.iter().fold(0, |n, b| n << 8 | u128::from(*b))
}

fn ip(at: &Endpoint) -> u128 {
    match at.ip {
        IpAddr::V4(a) => u128::from(u32::from(a)),
        IpAddr::V6(a) => a.into(),
    }
}

impl Core {
    pub fn new(width: usize, seed: u64) -> Self {
        let (text, tmpl) = emitted(width);
        let lib: ModelLib = ModelBuilder::new(&text, "tx_core")
            .build()
            .unwrap_or_else(|e| panic!("{e}"));
        let mut model = lib.instance_seeded(seed);
        model.reset(2).expect("no assertion in reset");
        let names: Vec<String> = model.ports().iter().map(|p| p.name.clone()).collect();
        let ports = names
            .into_iter()
            .map(|n| {
                let id = model.port(&n).unwrap_or_else(|e| panic!("{e}"));
                (n, id)
            })
            .collect();
        let monitors = ["mac_tx", "snd_mirror"]
            .iter()
            .map(|s| Monitor::new(&model, s).unwrap_or_else(|e| panic!("{e}")))
            .collect();
        let mut core = Core {
            model,
            ports,
            tmpl,
            monitors,
            reports: VecDeque::new(),
            installs: VecDeque::new(),
            frame: vec![],
            frames: VecDeque::new(),
            mirrors: VecDeque::new(),
        };
        for (port, v) in [
            ("tick", TICK),
            ("rto_init", 100_000),
            ("rto_min", 10_000),
            ("rto_max", 1_000_000),
            ("r2", 10_000_000),
            ("delay", DELAY),
            ("gap", 1000),
            ("grant_tready", 1),
            ("acked_tready", 1),
            ("dead_tready", 1),
            ("snd_mirror_tready", 1),
            ("mac_tx_tready", 1),
        ] {
            core.set(port, v);
        }
        while !core.bit("ready") {
            core.tick();
        }
        core
    }

    fn set(&mut self, port: &str, value: u64) {
        self.model.set_u64(self.ports[port], value);
    }

    fn get(&self, port: &str) -> u64 {
        self.model.get_u64(self.ports[port])
    }

    fn bit(&self, port: &str) -> bool {
        self.get(port) == 1
    }

    /// Installs a connection; a few cycles pass.
    pub fn install(&mut self, i: Install) {
        let mut octets = vec![0u8; 64];
        for (name, value) in [
            ("dst_mac", mac(&i.peer)),
            ("src_mac", mac(&i.ours)),
            ("v6", matches!(i.ours.ip, IpAddr::V6(_)).into()),
            ("src", ip(&i.ours)),
            ("dst", ip(&i.peer)),
            ("sport", i.ours.port.into()),
            ("dport", i.peer.port.into()),
            ("ttl", 64),
        ] {
            let f = self.tmpl.iter().find(|f| f.name == name).expect("a field");
            for b in (0..f.width).filter(|b| value >> b & 1 == 1) {
                octets[(f.low + b) / 8] |= 1 << ((f.low + b) % 8);
            }
        }
        let top = self.tmpl.iter().map(|f| f.low + f.width).max();
        octets.truncate(top.expect("fields").div_ceil(8));
        self.model.set_bytes(self.ports["tmpl"], &octets);
        self.set("tmpl_conn", i.conn.into());
        self.set("tmpl_wr", 1);
        self.tick();
        self.set("tmpl_wr", 0);
        self.installs.push_back(i);
        while !self.installs.is_empty() {
            self.tick();
        }
    }

    fn offer(&mut self) {
        let install = self.installs.front().map(|i| {
            [
                ("conn", u64::from(i.conn)),
                ("gen", i.gen.into()),
                ("snd_una", i.snd_nxt.into()),
                ("snd_nxt", i.snd_nxt.into()),
                ("snd_wnd", 65_535),
                ("wl1", i.rcv_nxt.into()),
                ("wl2", i.snd_nxt.into()),
                ("mss", i.mss.into()),
                ("timestamps", i.ts_recent.is_some().into()),
                ("sack", i.sack.into()),
                ("max_wnd", 65_535),
                ("rcv_nxt", i.rcv_nxt.into()),
                ("rcv_wnd", i.rcv_wnd.into()),
                ("rcv_mss", i.mss.into()),
                ("ts_recent", i.ts_recent.unwrap_or(0).into()),
            ]
        });
        self.set("install_tvalid", install.is_some().into());
        for (name, v) in install.into_iter().flatten() {
            self.set(&format!("install_{name}"), v);
        }
        let report = self.reports.front().copied();
        self.set("ack_tvalid", report.is_some().into());
        if let Some(a) = report {
            for (name, v) in [
                ("conn", u64::from(a.conn)),
                ("gen", a.gen.into()),
                ("seq", a.seq.into()),
                ("ack", a.ack.into()),
                ("wnd", a.wnd.into()),
                ("payload_len", a.payload_len.into()),
                ("flags", a.flags.into()),
                ("tsecr", a.tsecr.into()),
                ("ts_recent", a.ts_recent.into()),
                ("rcv_nxt", a.rcv_nxt.into()),
                ("ack_mode", a.mode.into()),
                ("own_sack_n", a.sack_n.into()),
                ("peer_sack_n", a.peer_sack_n.into()),
            ] {
                self.set(&format!("ack_{name}"), v);
            }
            for (name, blocks) in [("own_sack", a.sack), ("peer_sack", a.peer_sack)] {
                let octets: Vec<u8> = blocks
                    .iter()
                    .flat_map(|(l, r)| [l.to_le_bytes(), r.to_le_bytes()].concat())
                    .collect();
                let id = self.ports[&format!("ack_{name}")];
                self.model.set_bytes(id, &octets);
            }
        }
    }

    /// One clock.
    pub fn tick(&mut self) {
        self.offer();
        self.model.settle().unwrap_or_else(|e| panic!("{e}"));
        for m in &mut self.monitors {
            m.sample(&self.model).unwrap_or_else(|e| panic!("{e}"));
        }
        if !self.installs.is_empty() && self.bit("install_tready") {
            self.installs.pop_front();
        }
        if !self.reports.is_empty() && self.bit("ack_tready") {
            self.reports.pop_front();
        }
        assert!(!self.bit("grant_tvalid"), "nothing is to be sent");
        if self.bit("snd_mirror_tvalid") {
            self.mirrors.push_back(Mirror {
                conn: self.get("snd_mirror_conn") as u16,
                gen: self.get("snd_mirror_gen") as u8,
                snd_una: self.get("snd_mirror_snd_una") as u32,
                snd_nxt: self.get("snd_mirror_snd_nxt") as u32,
                max_wnd: self.get("snd_mirror_max_wnd") as u32,
                last_ack_sent: self.get("snd_mirror_last_ack_sent") as u32,
            });
        }
        if self.bit("mac_tx_tvalid") {
            let mut beat = vec![0; self.model.info(self.ports["mac_tx_tdata"]).width as usize / 8];
            self.model.get_bytes(self.ports["mac_tx_tdata"], &mut beat);
            let lanes = self.get("mac_tx_tkeep").count_ones() as usize;
            self.frame.extend(&beat[..lanes]);
            if self.bit("mac_tx_tlast") {
                self.frames.push_back(std::mem::take(&mut self.frame));
            }
        }
        self.model.posedge().unwrap_or_else(|e| panic!("{e}"));
    }
}
