//! Two adapters on a wire that may lose, double, delay and spoil frames.

use super::transmit::build as build_transmit;
use super::{Connection, Nic, Settings, Transmit};
use crate::chip::duel::small_cfg;
use crate::chip::{build, Chip, ChipError, Region, StagRights};
use crate::golden::tx::link::{Link, LinkConfig};
use crate::wire::ethernet::Mac;
use crate::wire::frame::Endpoint;
use ferrowarp_abi::table::InstallRecord;
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::tx::{TxCfg, WorkCfg};
use std::net::Ipv4Addr;

/// STag of connection n: that, with the key 0.
pub fn stag(conn: u16) -> u32 {
    (u32::from(conn) + 1) << 8
}

/// Where a connection's memory lies on both sides: the region that the peer may write, its receives, what it sends from, its send queue.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    pub region: u64,
    pub receives: u64,
    pub source: u64,
    pub sq: u64,
}

pub fn places(conn: u16) -> Places {
    let base = (u64::from(conn) + 1) << 32;
    Places {
        region: base,
        receives: base + 0x4000_0000,
        source: base + 0x8000_0000,
        sq: base + 0xC000_0000,
    }
}

/// What a pair is made of.
#[derive(Clone, Debug)]
pub struct PairConfig {
    /// 64 or 512 bits.
    pub width: usize,
    pub chip: Cfg,
    pub tx: TxCfg,
    pub work: WorkCfg,
    pub settings: Settings,
    /// Length of a cycle in picoseconds.
    pub period_ps: u64,
    pub conns: u16,
    /// Octets of a TCP segment, without timestamps.
    pub mss: u16,
    /// Window field and shift.
    pub window: u16,
    pub scale: u8,
    pub timestamps: bool,
    pub sack: bool,
    pub crc: bool,
    /// log2 of a send queue's slots.
    pub sq_log: u32,
    /// Octets of each connection's region.
    pub region: u32,
    /// Both directions, each with a seed of its own; the MAC has the line's rate already.
    pub link: LinkConfig,
    pub seed: u64,
}

/// Octets of a region of [`PairConfig::small`].
pub const SMALL_REGION: u32 = 0x4_0000;

impl PairConfig {
    /// Small tables, as the tests of the chip have them: 250 MHz, a line as fast as the width, 1 us a time unit, timestamps with odd seeds.
    pub fn small(width: usize, seed: u64) -> Self {
        PairConfig {
            width,
            chip: small_cfg(width),
            tx: TxCfg {
                conn_bits: 6,
                max_frame: 1522,
                ipv6: true,
                markers: false,
                sack: true,
            },
            work: WorkCfg {
                conn_bits: 6,
                slot_bits: 4,
                rec_bits: 7,
                buf_bits: 15,
                tag_bits: 6,
            },
            settings: Settings {
                tick: 250,
                rto_init: 3000,
                rto_min: 1000,
                rto_max: 100_000,
                r2: 1_000_000,
                delay: 200,
                gap: 100,
                quantum: 4,
                dma_latency: 200,
                line: 1000 * width as u64 / 8,
            },
            period_ps: 4000,
            conns: 1,
            mss: 1460,
            window: 60_000,
            scale: 0,
            timestamps: seed % 2 == 1,
            sack: true,
            crc: true,
            sq_log: 6,
            region: SMALL_REGION,
            link: LinkConfig {
                seed,
                delay: 2000,
                ..LinkConfig::default()
            },
            seed,
        }
    }
}

/// Frames as they were offered to the wire: time in ns, from the first one, octets.
pub type Tap = Vec<(u64, bool, Vec<u8>)>;

pub struct Pair {
    pub ends: [Nic; 2],
    /// From end 0, from end 1.
    pub links: [Link; 2],
    pub tap: Option<Tap>,
    period_ps: u64,
    cycle: u64,
}

fn address(end: usize, conn: u16) -> Endpoint {
    Endpoint {
        mac: Mac([2, 0, 0, 0, 0, 1 + end as u8]),
        ip: Ipv4Addr::new(10, 0, 0, 1 + end as u8).into(),
        port: 10_000 + conn,
    }
}

/// First sequence number of each direction: they wrap early.
fn first_seq(end: usize, conn: u16) -> u32 {
    [0xffff_f000_u32, 0x7fff_0000][end].wrapping_add(0x1111 * u32::from(conn))
}

/// Protection domain of a connection.
pub fn pd(conn: u16) -> u32 {
    7 + u32::from(conn)
}

impl Pair {
    pub fn new(cfg: &PairConfig) -> Result<Self, ChipError> {
        let lib = build(cfg.width, &cfg.chip, false)?;
        let tx = build_transmit(cfg.width, &cfg.tx, &cfg.work)?;
        let end = |n: usize| -> Result<Nic, ChipError> {
            let seed = cfg.seed ^ (n as u64) << 32;
            let chip = Chip::new(&lib, &cfg.chip, cfg.width / 8, seed)?;
            let tx = Transmit::new(&tx, cfg.width, &cfg.settings, seed)?;
            let mut nic = Nic::new(chip, tx);
            for conn in 0..cfg.conns {
                connect(&mut nic, n, conn, cfg)?;
            }
            Ok(nic)
        };
        let back = LinkConfig {
            seed: cfg.link.seed ^ 0x5555,
            ..cfg.link
        };
        Ok(Pair {
            ends: [end(0)?, end(1)?],
            links: [Link::new(cfg.link), Link::new(back)],
            tap: None,
            period_ps: cfg.period_ps,
            cycle: 0,
        })
    }

    /// Virtual time in ns.
    pub fn now(&self) -> u64 {
        self.cycle * self.period_ps / 1000
    }

    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// One clock of everything.
    pub fn tick(&mut self) -> Result<(), ChipError> {
        self.cycle += 1;
        let now = self.now();
        for from in 0..2 {
            while let Some(f) = self.links[from].take(now) {
                self.ends[1 - from].chip.send(0, f.octets);
            }
        }
        for (from, nic) in self.ends.iter_mut().enumerate() {
            nic.tick()?;
            while let Some((_, frame)) = nic.tx.frames.pop_front() {
                if let Some(tap) = &mut self.tap {
                    tap.push((now, from == 0, frame.clone()));
                }
                self.links[from].send(now, 0, frame);
            }
        }
        Ok(())
    }
}

/// Both halves of a connection of end `n`, and its regions.
fn connect(nic: &mut Nic, n: usize, conn: u16, cfg: &PairConfig) -> Result<(), ChipError> {
    let (ours, peer) = (address(n, conn), address(1 - n, conn));
    let (snd_nxt, rcv_nxt) = (first_seq(n, conn), first_seq(1 - n, conn));
    let place = places(conn);
    let window = u32::from(cfg.window) << cfg.scale;
    // TSval begins at 0 with the transmit path.
    let ts_recent = cfg.timestamps.then_some(0);
    nic.install(&Connection {
        conn,
        gen: 1,
        ours,
        peer,
        snd_nxt,
        rcv_nxt,
        window: cfg.window,
        scale: cfg.scale,
        snd_wnd: window,
        snd_scale: cfg.scale,
        mss: cfg.mss - if cfg.timestamps { 12 } else { 0 },
        ts_recent,
        sack: cfg.sack,
        crc: cfg.crc,
        pd: pd(conn),
        qpn: conn.into(),
        sq: place.sq,
        sq_log: cfg.sq_log,
        page: conn.into(),
    });
    let nothing = super::HostMemory::default();
    while !nic.tx.commands_done() {
        nic.tx.tick(&nothing)?;
    }
    let v4 = |e: Endpoint| match e.ip {
        std::net::IpAddr::V4(a) => u128::from(u32::from(a)),
        std::net::IpAddr::V6(a) => a.into(),
    };
    nic.chip.install(
        conn,
        &InstallRecord {
            v6: false,
            src: v4(peer),
            dst: v4(ours),
            sport: peer.port,
            dport: ours.port,
            vlan: None,
            gen: 1,
            func: 0,
            ird: 4,
            crc_en: cfg.crc,
            sack: cfg.sack,
            ts_recent,
            pd: pd(conn),
            qpn: conn.into(),
            markers_from: None,
            rcv_wnd: window,
            rcv_nxt,
            smsn: 1,
            rmsn: 1,
            snd_una: snd_nxt,
            snd_nxt,
            max_wnd: window,
        },
    )?;
    nic.chip.register_region(&Region {
        stag: stag(conn),
        rights: StagRights {
            remote_write: true,
            ..StagRights::default()
        },
        pd: pd(conn),
        bound_to: None,
        base: 0,
        len: cfg.region,
        pa: place.region,
    })?;
    // What we send from; the receive path does not know it.
    nic.tx.regions.push(Region {
        stag: stag(conn),
        rights: StagRights::default(),
        pd: pd(conn),
        bound_to: None,
        base: 0,
        len: cfg.region,
        pa: place.source,
    });
    Ok(())
}
