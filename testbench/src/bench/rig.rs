//! One connection on the chip, offered frames of a given kind and length; each frame is paired with its DMA write.
//!
//! Every write's address, class and octets are compared with what the frame asked for, and any error event or drop ends the
//! measurement: a fast wrong answer is no figure.

use super::BenchError;
use crate::build::{fpdu, ulpdu, FrameSpec};
use crate::chip::{addresses, Chip, CplEvent, Post, ReadIssue, Region, StagRights, RQ_NIC};
use crate::wire::ddp::Opcode;
use ferrowarp_abi::code::{cpl_kind, dma_class};
use ferrowarp_abi::table::InstallRecord;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;
use std::collections::VecDeque;

/// Octets in front of the TCP payload, without options.
pub const HEADERS: usize = 14 + 20 + 20;
/// NOP NOP Timestamps.
pub const TIMESTAMPS: usize = 12;
/// Preamble, FCS and gap: what a frame of the port costs more on the wire.
pub const WIRE: u64 = 24;

const CONN: u16 = 5;
const GEN: u8 = 1;
const PD: u32 = 7;
/// Where Writes go: the STag, its first TO, length and DMA address.
const SINK: (u32, u64, u32, u64) = (0x0012_3456, 0x1_0000_0000, 1 << 24, 0x00ab_c000_0000);
/// Where Read Responses go. One Read outlasts all measurements, so no Response is the last.
const READ: (u32, u64, u32, u64) = (0x0012_3577, 0x7_0000_0000, 0x7fff_fff0, 0x00cd_0000_0000);
const SEND_BUFFER: u64 = 0x5000_0000;
const NIC_BUFFER: u64 = 0x6000_0000;
/// NIC buffers kept posted: the queue takes 64.
const NIC_AHEAD: usize = 48;
/// A frame is through long before.
const PATIENCE: u64 = 20_000;

/// What is in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Write,
    ReadResponse,
    /// A part of a Send message; the message ends with it or goes on.
    Send {
        last: bool,
    },
    /// TCP of no installed connection: looked up like any other, and handed to the NIC queue.
    Plain,
}

impl Kind {
    pub const IWARP: [Kind; 3] = [Kind::Write, Kind::ReadResponse, Kind::Send { last: true }];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Write => "Write",
            Kind::ReadResponse => "Read Response",
            Kind::Send { .. } => "Send",
            Kind::Plain => "plain",
        }
    }

    /// The FPDU's octets around its payload, pad aside.
    fn around(self) -> usize {
        match self {
            Kind::Write | Kind::ReadResponse => 2 + 14 + 4,
            Kind::Send { .. } => 2 + 18 + 4,
            Kind::Plain => 0,
        }
    }

    /// The shortest frame that carries an octet of payload.
    pub fn shortest(self, timestamps: bool) -> usize {
        let options = if timestamps { TIMESTAMPS } else { 0 };
        HEADERS + options + self.around() + 4
    }
}

/// A frame and what it led to, in cycles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub kind: Kind,
    /// Frame octets without FCS, and payload octets of its DMA write.
    pub len: usize,
    pub payload: usize,
    /// First and last beat on the MAC port.
    pub first: u64,
    pub last: u64,
    /// DMA write request, first and last data beat.
    pub request: u64,
    pub data: u64,
    pub end: u64,
}

impl Sample {
    /// From tlast to the request. Negative when the request is earlier.
    pub fn tail(&self) -> i64 {
        self.request as i64 - self.last as i64
    }
}

struct Want {
    kind: Kind,
    addr: u64,
    class: u8,
    octets: Vec<u8>,
}

/// See the module's head.
pub struct Rig {
    pub chip: Chip,
    pub preset: Preset,
    pub timestamps: bool,
    spec: FrameSpec,
    other: FrameSpec,
    /// TO of the next Write; the next octet of the Read; MSN and MO of the running Send; what is posted and used.
    write_to: u64,
    read_at: u64,
    msn: u32,
    mo: u32,
    posted: u32,
    received: u32,
    nic_posted: usize,
    nic_used: usize,
    made: usize,
    want: VecDeque<Want>,
}

impl Rig {
    pub fn new(preset: &Preset, lib: &ModelLib, timestamps: bool) -> Result<Self, BenchError> {
        let cfg = preset.cfg();
        let mut chip = Chip::new(lib, &cfg, preset.data_width / 8, 1)?;
        let stamps = timestamps.then_some((0x0102_0304, 0x0506_0708));
        let spec = FrameSpec {
            timestamps: stamps,
            ..Default::default()
        };
        let mut other = spec.clone();
        other.src.port ^= 0x40;
        chip.install(CONN, &record(&spec))?;
        let rights = StagRights {
            remote_write: true,
            read_sink: true,
            ..Default::default()
        };
        for (stag, base, len, pa) in [SINK, READ] {
            chip.register_region(&Region {
                stag,
                rights,
                pd: PD,
                bound_to: None,
                base,
                len,
                pa,
            })?;
        }
        chip.issue_read(ReadIssue {
            conn: CONN,
            gen: GEN,
            sq_idx: 1,
            sink_stag: READ.0,
            sink_to: READ.1,
            len: READ.2,
            atomic: false,
        });
        let mut rig = Self {
            chip,
            preset: preset.clone(),
            timestamps,
            spec,
            other,
            write_to: SINK.1,
            read_at: 0,
            msn: 1,
            mo: 0,
            posted: 0,
            received: 0,
            nic_posted: 0,
            nic_used: 0,
            made: 0,
            want: VecDeque::new(),
        };
        rig.top_up();
        rig.ticks(100)?;
        Ok(rig)
    }

    /// Bytes in a beat.
    pub fn k(&self) -> u64 {
        self.chip.k as u64
    }

    pub fn wrong(&self, what: impl Into<String>) -> BenchError {
        BenchError::Wrong {
            preset: self.preset.name.clone(),
            what: what.into(),
        }
    }

    /// Queues a frame of `len` octets, its first beat not before `at`. The pad takes all four values in turn.
    pub fn offer(&mut self, kind: Kind, len: usize, at: u64) -> Result<(), BenchError> {
        if len < kind.shortest(self.timestamps) {
            return Err(self.wrong(format!("no {} has {len} octets", kind.name())));
        }
        let room = len - kind.shortest(self.timestamps) + 4;
        self.made += 1;
        let pad = if kind == Kind::Plain {
            0
        } else {
            self.made % 4
        };
        let payload = octets(room - pad, self.made);
        self.offer_payload(kind, &payload, at)
    }

    /// As [`Rig::offer`], by payload.
    pub fn offer_payload(&mut self, kind: Kind, payload: &[u8], at: u64) -> Result<(), BenchError> {
        let n = payload.len() as u64;
        let (addr, unit) = match kind {
            Kind::Write => {
                let to = self.write_to;
                // Destinations are 256-byte aligned, as an application's buffers are.
                self.write_to = (to + n).next_multiple_of(256);
                if self.write_to + 16_384 > SINK.1 + u64::from(SINK.2) {
                    self.write_to = SINK.1;
                }
                (
                    SINK.3 + (to - SINK.1),
                    ulpdu::write(SINK.0, to, payload, true),
                )
            }
            Kind::ReadResponse => {
                let at = self.read_at;
                self.read_at += n;
                let unit = ulpdu::read_response(READ.0, READ.1 + at, payload, false);
                (READ.3 + at, unit)
            }
            Kind::Send { last } => {
                let mo = self.mo;
                if mo == 0 {
                    self.post_receive()?;
                }
                let unit = ulpdu::send(Opcode::Send, self.msn, mo, payload, last, 0);
                self.mo += n as u32;
                if last {
                    self.msn += 1;
                    self.mo = 0;
                }
                (SEND_BUFFER + u64::from(mo), unit)
            }
            Kind::Plain => {
                let frame = self.other.frame(payload);
                self.other.seq = self.other.seq.wrapping_add(n as u32);
                let want = Want {
                    kind,
                    addr: NIC_BUFFER,
                    class: dma_class::NIC,
                    octets: frame.clone(),
                };
                self.want.push_back(want);
                self.chip.send(at, frame);
                return Ok(());
            }
        };
        let stream = fpdu(&unit);
        let frame = self.spec.frame(&stream);
        self.spec.seq = self.spec.seq.wrapping_add(stream.len() as u32);
        let class = dma_class::PAYLOAD;
        self.want.push_back(Want {
            kind,
            addr,
            class,
            octets: payload.to_vec(),
        });
        self.chip.send(at, frame);
        Ok(())
    }

    /// Messages that may be under way at once: the receives of a connection that the chip holds.
    pub fn messages(&self) -> u32 {
        1 << self.preset.sizes.rq_bits
    }

    fn post_receive(&mut self) -> Result<(), BenchError> {
        if self.posted - self.received >= self.messages() {
            return Err(self.wrong(format!("more than {} messages under way", self.messages())));
        }
        let idx = self.posted as u16;
        self.chip.post(Post {
            rq: u32::from(CONN),
            idx,
            addr: SEND_BUFFER,
            len: 1 << 24,
        });
        self.posted += 1;
        Ok(())
    }

    fn top_up(&mut self) {
        while self.nic_posted < self.nic_used + NIC_AHEAD {
            self.chip.post(Post {
                rq: RQ_NIC,
                idx: self.nic_posted as u16,
                addr: NIC_BUFFER,
                len: 16_384,
            });
            self.nic_posted += 1;
        }
    }

    pub fn ticks(&mut self, n: u64) -> Result<(), BenchError> {
        for _ in 0..n {
            self.chip.tick()?;
        }
        Ok(())
    }

    /// Runs until every queued frame has passed the MAC port.
    pub fn play(&mut self) -> Result<(), BenchError> {
        while self.chip.frames_left() > 0 {
            self.chip.tick()?;
        }
        Ok(())
    }

    /// Runs until every frame's write is complete; the samples not yet taken.
    pub fn finish(&mut self) -> Result<Vec<Sample>, BenchError> {
        let mut all = Vec::new();
        let mut since = self.chip.cycle();
        loop {
            let got = self.collect()?;
            if !got.is_empty() || self.chip.frames_left() > 0 {
                since = self.chip.cycle();
            }
            all.extend(got);
            if self.want.is_empty() {
                return Ok(all);
            }
            if self.chip.cycle() > since + PATIENCE {
                let counters = self.chip.counters()?;
                let left = self.want.len();
                return Err(self.wrong(format!(
                    "{left} frames lead to no DMA write; counters: {counters:?}"
                )));
            }
            self.ticks(16)?;
        }
    }

    /// Pairs the writes complete by now with their frames.
    pub fn collect(&mut self) -> Result<Vec<Sample>, BenchError> {
        self.check_events()?;
        let n = self.chip.writes.len();
        let writes: Vec<_> = self.chip.writes.drain(..).collect();
        let sent: Vec<_> = self
            .chip
            .sent
            .drain(..n.min(self.chip.sent.len()))
            .collect();
        let mut samples = Vec::with_capacity(n);
        for (i, w) in writes.into_iter().enumerate() {
            let (Some(want), Some(t)) = (self.want.pop_front(), sent.get(i)) else {
                return Err(self.wrong(format!(
                    "a DMA write to {:#x} that no frame asked for",
                    w.addr
                )));
            };
            let what = want.kind.name();
            if (w.addr, w.class) != (want.addr, want.class) {
                let text = format!(
                    "{what} of {} octets: written to {:#x}, not {:#x}",
                    t.len, w.addr, want.addr
                );
                return Err(self.wrong(text));
            }
            if w.data != want.octets || w.len as usize != want.octets.len() {
                return Err(self.wrong(format!("{what} of {} octets: wrong octets written", t.len)));
            }
            if want.kind == Kind::Plain {
                self.nic_used += 1;
            }
            samples.push(Sample {
                kind: want.kind,
                len: t.len,
                payload: want.octets.len(),
                first: t.first,
                last: t.last,
                request: w.req_cycle,
                data: w.first_data,
                end: w.last_data,
            });
        }
        self.top_up();
        Ok(samples)
    }

    fn check_events(&mut self) -> Result<(), BenchError> {
        let bad = |e: &&CplEvent| e.kind != cpl_kind::RECV && e.kind != cpl_kind::NIC;
        if let Some(e) = self.chip.events.iter().find(bad) {
            let text = format!(
                "event of kind {} (error {:#06x}) at cycle {}",
                e.kind, e.term, e.cycle
            );
            return Err(self.wrong(text));
        }
        let received = self
            .chip
            .events
            .iter()
            .filter(|e| e.kind == cpl_kind::RECV)
            .count();
        self.received += received as u32;
        self.chip.events.clear();
        self.chip.acks.clear();
        Ok(())
    }
}

pub(super) fn record(spec: &FrameSpec) -> InstallRecord {
    let (v6, src, dst) = addresses(spec.src.ip, spec.dst.ip);
    InstallRecord {
        v6,
        src,
        dst,
        sport: spec.src.port,
        dport: spec.dst.port,
        vlan: None,
        gen: GEN,
        func: 0,
        ird: 4,
        crc_en: true,
        sack: true,
        ts_recent: spec.timestamps.map(|t| t.0),
        pd: PD,
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

/// `n` octets that differ from frame to frame and from place to place.
fn octets(n: usize, frame: usize) -> Vec<u8> {
    (0..n)
        .map(|i| (i as u8) ^ ((i >> 8) as u8).wrapping_mul(29) ^ (frame as u8).wrapping_mul(37))
        .collect()
}
