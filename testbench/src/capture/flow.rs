//! The iWARP connections in a capture: handshake, MPA startup, the FPDU stream of each direction.
//!
//! A connection needs its TCP handshake and an MPA Request in the capture; others are listed as skipped with the reason.
//! A rejected MPA connection, or one that carries no FPDU, is a connection like any other.

use super::read::Capture;
use crate::golden::deframer::{Deframer, Framed};
use crate::golden::tcp_rx::TcpReceiver;
use crate::golden::OpCounts;
use crate::wire::ddp::{DdpRepr, Opcode};
use crate::wire::ethernet::{Vlan, ETHERTYPE_QINQ, ETHERTYPE_VLAN};
use crate::wire::frame::{Endpoint, FrameRepr, NotTcp, SumState};
use crate::wire::mpa::{Fpdu, StartupKind, StartupRepr};
use crate::wire::tcp::{Flags, TcpRepr};
use crate::wire::WireError;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// An end of a connection: the client opened it (and is the MPA Initiator).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Side::Client => "client",
            Side::Server => "server",
        })
    }
}

/// What one end sent.
#[derive(Debug, Clone)]
pub struct Direction {
    pub end: Endpoint,
    pub isn: u32,
    pub mss: Option<u16>,
    /// Shift that this end asks its peer to apply to its window fields; `None` without the option.
    pub window_scale: Option<u8>,
    pub sack_permitted: bool,
    pub timestamps: bool,
    /// In-order stream from `isn + 1`, as far as it is in the capture.
    pub stream: Vec<u8>,
    /// Octets at hand in order after a frame: (stream length, index of the frame in the capture).
    pub progress: Vec<(usize, usize)>,
    /// Sequence number where octets are missing although later ones are there.
    pub gap_at: Option<u32>,
    pub startup: Option<StartupRepr>,
    /// Offset in `stream` of the first FPDU octet; `None` while there is no valid startup.
    pub fpdu_offset: Option<usize>,
    pub fin: bool,
    pub rst: bool,
}

/// One TCP frame of a connection.
#[derive(Debug, Clone)]
pub struct FrameRef {
    /// Index in `Capture::frames`.
    pub index: usize,
    pub from: Side,
    pub tcp: TcpRepr,
    /// Place of the payload in the frame.
    pub payload: Range<usize>,
    /// Checksums are right, or only not filled in.
    pub intact: bool,
}

/// A connection with handshake and MPA Request.
#[derive(Debug, Clone)]
pub struct Connection {
    pub client: Direction,
    pub server: Direction,
    pub vlan: Option<Vlan>,
    /// The Reply said no.
    pub rejected: bool,
    /// CRC as negotiated: either side asked for it.
    pub crc_negotiated: bool,
    /// CRC in use: negotiated, and not all FPDUs carry a zero field (siw leaves it off when only the responder asks).
    pub crc: bool,
    /// MPA revision of the Request.
    pub rev: u8,
    /// Frames in capture order.
    pub frames: Vec<FrameRef>,
}

/// A TCP flow that can't be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub a: (IpAddr, u16),
    pub b: (IpAddr, u16),
    pub frames: usize,
    pub reason: SkipReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    NoHandshake,
    Refused,
    NoData,
    StartMissing,
    NoMpaRequest,
    BadMpaRequest,
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SkipReason::NoHandshake => "TCP handshake not in the capture",
            SkipReason::Refused => "connection refused",
            SkipReason::NoData => "no data before the end of the capture",
            SkipReason::StartMissing => "MPA Request not in the capture",
            SkipReason::NoMpaRequest => "does not start with an MPA Request",
            SkipReason::BadMpaRequest => "MPA Request incomplete or malformed",
        })
    }
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} - {} ({} frames): {}",
            SocketAddr::from(self.a),
            SocketAddr::from(self.b),
            self.frames,
            self.reason
        )
    }
}

/// Everything found in a capture.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    pub connections: Vec<Connection>,
    pub skipped: Vec<Skipped>,
    /// Frames that are no TCP over IP (ARP, fragments ...).
    pub other_frames: usize,
    /// IPv6 frames with extension headers among them: whatever is behind those is not looked at.
    pub extension_frames: usize,
    /// Frames with a second VLAN tag behind the first: not supported.
    pub stacked_vlan_frames: usize,
}

/// An FPDU found in a stream.
#[derive(Debug, Clone)]
pub struct DecodedFpdu {
    /// Offset in `Direction::stream`.
    pub offset: usize,
    pub fpdu: Fpdu,
    /// From the control octets; `None` when the ULPDU is shorter.
    pub opcode: Option<Opcode>,
}

impl Direction {
    /// Sequence number of a stream offset.
    pub fn seq(&self, offset: usize) -> u32 {
        self.isn.wrapping_add(1).wrapping_add(offset as u32)
    }

    /// Sequence number of the first FPDU octet.
    pub fn fpdu_seq(&self) -> Option<u32> {
        self.fpdu_offset.map(|o| self.seq(o))
    }

    /// Index of the frame after which `end` octets of the stream were at hand.
    pub fn available_at(&self, end: usize) -> Option<usize> {
        let at = self.progress.partition_point(|(len, _)| *len < end);
        self.progress.get(at).map(|(_, frame)| *frame)
    }

    /// The FPDU octets.
    pub fn fpdu_stream(&self) -> &[u8] {
        self.fpdu_offset
            .and_then(|o| self.stream.get(o..))
            .unwrap_or(&[])
    }

    /// All complete FPDUs; `markers` as the peer of this sender asked for.
    pub fn fpdus(&self, markers: bool) -> Vec<DecodedFpdu> {
        let Some(start) = self.fpdu_offset else {
            return Vec::new();
        };
        let mut d = Deframer::new(markers, usize::MAX);
        d.push(self.fpdu_stream());
        let mut out = Vec::new();
        while let Some(Framed::Fpdu { start: at, fpdu }) = d.next_fpdu() {
            let opcode = DdpRepr::parse_control(&fpdu.ulpdu).ok().map(|c| c.opcode);
            out.push(DecodedFpdu {
                offset: start + at as usize,
                fpdu,
                opcode,
            });
        }
        out
    }
}

impl Connection {
    pub fn side(&self, s: Side) -> &Direction {
        match s {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Markers in what `sender` sends: its peer asked for them.
    pub fn markers_from(&self, sender: Side) -> bool {
        self.side(sender.other())
            .startup
            .as_ref()
            .is_some_and(|s| s.markers)
    }

    pub fn fpdus(&self, sender: Side) -> Vec<DecodedFpdu> {
        self.side(sender).fpdus(self.markers_from(sender))
    }

    /// FPDUs of both directions by opcode.
    pub fn op_counts(&self) -> OpCounts {
        let mut n = OpCounts::default();
        for s in [Side::Client, Side::Server] {
            self.fpdus(s)
                .iter()
                .filter_map(|f| f.opcode)
                .for_each(|op| n.add(op));
        }
        n
    }

    /// Window scaling and timestamps are in use only when both SYNs carry the option.
    pub fn window_scale_of(&self, s: Side) -> u8 {
        match (self.client.window_scale, self.server.window_scale) {
            (Some(_), Some(_)) => self.side(s).window_scale.unwrap_or(0),
            _ => 0,
        }
    }

    pub fn timestamps(&self) -> bool {
        self.client.timestamps && self.server.timestamps
    }

    pub fn sack(&self) -> bool {
        self.client.sack_permitted && self.server.sack_permitted
    }
}

type End = (IpAddr, u16);

/// A flow being collected.
struct Flow {
    a: End,
    b: End,
    vlan: Option<Vlan>,
    syn: Option<FrameRepr>,
    syn_ack: Option<FrameRepr>,
    refused: bool,
    frames: Vec<(FrameRef, FrameRepr)>,
}

/// Finds the connections of a capture. Run [`super::repair`] first when it may hold offload artefacts.
pub fn extract(capture: &Capture) -> Flows {
    let mut out = Flows::default();
    let mut flows: Vec<Flow> = Vec::new();
    let mut open: HashMap<(End, End, Option<u16>), usize> = HashMap::new();
    for (index, frame) in capture.frames.iter().enumerate() {
        let (repr, at) = match FrameRepr::parse(&frame.data) {
            Ok(p) => p,
            Err(e) => {
                out.other_frames += 1;
                match e {
                    NotTcp::Extension(_) => out.extension_frames += 1,
                    NotTcp::EtherType(ETHERTYPE_VLAN | ETHERTYPE_QINQ) => {
                        out.stacked_vlan_frames += 1
                    }
                    _ => {}
                }
                continue;
            }
        };
        let (src, dst) = (
            (repr.ip.src(), repr.tcp.src_port),
            (repr.ip.dst(), repr.tcp.dst_port),
        );
        let vid = repr.eth.vlan.map(|v| v.vid);
        let key = if src <= dst {
            (src, dst, vid)
        } else {
            (dst, src, vid)
        };
        let intact = at.ip_checksum != SumState::Bad && at.tcp_checksum != SumState::Bad;
        let syn_only = repr.tcp.flags.has(Flags::SYN) && !repr.tcp.flags.has(Flags::ACK) && intact;
        let known = open.get(&key).copied();
        // A SYN with another ISN opens the tuple anew.
        let reopened = syn_only
            && known.is_some_and(|i| {
                flows[i]
                    .syn
                    .as_ref()
                    .is_none_or(|s| s.tcp.seq != repr.tcp.seq)
            });
        let i = match known {
            Some(i) if !reopened => i,
            _ => {
                flows.push(Flow {
                    a: src,
                    b: dst,
                    vlan: repr.eth.vlan,
                    syn: None,
                    syn_ack: None,
                    refused: false,
                    frames: Vec::new(),
                });
                open.insert(key, flows.len() - 1);
                flows.len() - 1
            }
        };
        flows[i].add(index, repr, at.payload, intact);
    }
    for f in flows {
        match f.finish(capture) {
            Ok(c) => out.connections.push(c),
            Err(s) => out.skipped.push(s),
        }
    }
    out
}

impl Flow {
    fn add(&mut self, index: usize, repr: FrameRepr, payload: Range<usize>, intact: bool) {
        let src = (repr.ip.src(), repr.tcp.src_port);
        let f = repr.tcp.flags;
        if intact && f.has(Flags::SYN) && !f.has(Flags::ACK) && self.syn.is_none() {
            self.a = src;
            self.b = (repr.ip.dst(), repr.tcp.dst_port);
            self.syn = Some(repr.clone());
        } else if intact && f.has(Flags::SYN | Flags::ACK) && self.syn_ack.is_none() {
            let answers = self
                .syn
                .as_ref()
                .is_some_and(|s| repr.tcp.ack == s.tcp.seq.wrapping_add(1) && src == self.b);
            if answers {
                self.syn_ack = Some(repr.clone());
            }
        } else if f.has(Flags::RST) && self.syn_ack.is_none() {
            self.refused = true;
        }
        let from = if src == self.a {
            Side::Client
        } else {
            Side::Server
        };
        let tcp = repr.tcp.clone();
        self.frames.push((
            FrameRef {
                index,
                from,
                tcp,
                payload,
                intact,
            },
            repr,
        ));
    }

    fn finish(self, capture: &Capture) -> Result<Connection, Skipped> {
        let skip = |reason| Skipped {
            a: self.a,
            b: self.b,
            frames: self.frames.len(),
            reason,
        };
        let (Some(syn), Some(syn_ack)) = (&self.syn, &self.syn_ack) else {
            return Err(skip(if self.refused {
                SkipReason::Refused
            } else {
                SkipReason::NoHandshake
            }));
        };
        let frames: Vec<FrameRef> = self.frames.iter().map(|f| f.0.clone()).collect();
        let mut client = direction(syn, &frames, Side::Client, capture);
        let mut server = direction(syn_ack, &frames, Side::Server, capture);
        if client.stream.is_empty() {
            return Err(skip(match client.gap_at {
                Some(_) => SkipReason::StartMissing,
                None => SkipReason::NoData,
            }));
        }
        let rev = match StartupRepr::parse(&client.stream) {
            Ok((s, n)) if s.kind == StartupKind::Request => {
                client.fpdu_offset = Some(n);
                let rev = s.rev;
                client.startup = Some(s);
                rev
            }
            Err(
                WireError::Malformed {
                    field: "PD_Length", ..
                }
                | WireError::Truncated { .. },
            ) => return Err(skip(SkipReason::BadMpaRequest)),
            _ => return Err(skip(SkipReason::NoMpaRequest)),
        };
        match StartupRepr::parse(&server.stream) {
            Ok((s, n)) if s.kind == StartupKind::Reply => {
                server.fpdu_offset = Some(n);
                server.startup = Some(s);
            }
            _ => client.fpdu_offset = None,
        }
        let rejected = server.startup.as_ref().is_some_and(|s| s.reject);
        if rejected {
            client.fpdu_offset = None;
            server.fpdu_offset = None;
        }
        let crc_negotiated = [&client, &server]
            .iter()
            .any(|d| d.startup.as_ref().is_some_and(|s| s.crc));
        let mut c = Connection {
            client,
            server,
            vlan: self.vlan,
            rejected,
            crc_negotiated,
            crc: crc_negotiated,
            rev,
            frames,
        };
        if crc_negotiated {
            let mut sent = [Side::Client, Side::Server]
                .into_iter()
                .flat_map(|s| c.fpdus(s))
                .map(|f| f.fpdu.crc_sent)
                .peekable();
            let any = sent.peek().is_some();
            c.crc = !(any && sent.all(|crc| crc == [0; 4]));
        }
        Ok(c)
    }
}

fn direction(syn: &FrameRepr, frames: &[FrameRef], side: Side, capture: &Capture) -> Direction {
    let isn = syn.tcp.seq;
    let mut rx = TcpReceiver::new(isn.wrapping_add(1), 1 << 30);
    let mut stream = Vec::new();
    let mut progress = Vec::new();
    let (mut fin, mut rst) = (false, false);
    for f in frames.iter().filter(|f| f.from == side && f.intact) {
        rst |= f.tcp.flags.has(Flags::RST);
        fin |= f.tcp.flags.has(Flags::FIN);
        if f.payload.is_empty() || f.tcp.flags.has(Flags::SYN) || f.tcp.flags.has(Flags::RST) {
            continue;
        }
        let before = stream.len();
        stream.extend(
            rx.offer(f.tcp.seq, &capture.frames[f.index].data[f.payload.clone()])
                .1,
        );
        while let Some(more) = rx.release() {
            stream.extend(more.data);
        }
        if stream.len() > before {
            progress.push((stream.len(), f.index));
        }
    }
    let gap_at = (!rx.gaps().is_empty()).then(|| rx.rcv_nxt());
    Direction {
        end: syn.source(),
        isn,
        mss: syn.tcp.mss(),
        window_scale: syn.tcp.window_scale(),
        sack_permitted: syn.tcp.sack_permitted(),
        timestamps: syn.tcp.timestamps().is_some(),
        stream,
        progress,
        gap_at,
        startup: None,
        fpdu_offset: None,
        fin,
        rst,
    }
}
