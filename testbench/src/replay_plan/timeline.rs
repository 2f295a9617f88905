//! The order of things in a replay: the peer's frames, and what our end did between them.

use super::derive::{atomic_request, read_request};
use super::{Action, Install, PlanOptions, SndMirror, Step};
use crate::capture::flow::FrameRef;
use crate::capture::{Capture, Connection, Side};
use crate::golden::{AtomicIssue, OpCounts, ReadIssue};
use crate::wire::ddp::{DdpRepr, Opcode};
use crate::wire::frame::FrameRepr;
use crate::wire::tcp::{seq_diff, Flags};
use std::time::Duration;

/// Sequence numbers a segment takes.
fn seq_len(f: &FrameRef) -> u32 {
    f.payload.len() as u32
        + u32::from(f.tcp.flags.has(Flags::SYN))
        + u32::from(f.tcp.flags.has(Flags::FIN))
}

/// True for a frame that belongs behind the startup exchange: it carries octets from `start` on, or acknowledges there.
fn behind_startup(flags: Flags, seq: u32, len: u32, start: u32) -> bool {
    let end = seq_diff(seq.wrapping_add(len), start);
    !flags.has(Flags::SYN) && if len == 0 { end >= 0 } else { end > 0 }
}

fn scaled(conn: &Connection, from: Side, f: &FrameRef) -> u32 {
    u32::from(f.tcp.window) << conn.window_scale_of(from)
}

/// Largest window that `side` offered behind its SYN; a window field of 0 is possible, a window of 0 is not useful.
pub(super) fn largest_window(conn: &Connection, side: Side, scale: u8) -> u32 {
    let offered = conn
        .frames
        .iter()
        .filter(|f| f.from == side && f.intact && !f.tcp.flags.has(Flags::SYN));
    offered
        .map(|f| u32::from(f.tcp.window) << scale)
        .max()
        .unwrap_or(0xffff)
        .max(0xffff)
}

/// The last frame of `side` at or before the one that completes its startup.
fn startup_frame(conn: &Connection, side: Side, start: u32) -> Option<&FrameRef> {
    let d = conn.side(side);
    let index = d.fpdu_offset.and_then(|o| d.available_at(o));
    debug_assert_eq!(d.fpdu_seq(), Some(start));
    conn.frames.iter().find(|f| Some(f.index) == index)
}

/// Window that `side` offers when its startup is complete.
pub(super) fn first_window(conn: &Connection, side: Side, start: u32) -> u32 {
    startup_frame(conn, side, start).map_or(0xffff, |f| scaled(conn, side, f))
}

/// TSval of the frame that completed the startup of `side`.
pub(super) fn first_timestamp(conn: &Connection, side: Side, start: u32) -> u32 {
    startup_frame(conn, side, start)
        .and_then(|f| f.tcp.timestamps())
        .map_or(0, |t| t.0)
}

/// FPDUs sent by `side`, by opcode.
pub(super) fn ops(conn: &Connection, side: Side) -> OpCounts {
    let mut n = OpCounts::default();
    conn.fpdus(side)
        .iter()
        .filter_map(|f| f.opcode)
        .for_each(|op| n.add(op));
    n
}

/// Our own events: frame index after which they are on the wire.
fn our_events(conn: &Connection, we: Side) -> Vec<(usize, Action)> {
    let us = conn.side(we);
    let mut out = Vec::new();
    let mut reads = 0u16;
    let mut atomics = 0u32;
    for f in conn.fpdus(we) {
        let Some(index) = us.available_at(f.offset + f.fpdu.wire_len) else {
            continue;
        };
        if let Some((_, r)) = read_request(&f.fpdu.ulpdu) {
            let read = ReadIssue {
                sq_idx: reads,
                sink_stag: r.sink_stag,
                sink_to: r.sink_to,
                len: r.size,
            };
            reads = reads.wrapping_add(1);
            out.push((index, Action::ReadIssue(read)));
        }
        if let Some(r) = atomic_request(&f.fpdu.ulpdu) {
            atomics += 1;
            let atomic = AtomicIssue {
                sq_idx: reads,
                msn: atomics,
                request_id: r.request_id,
            };
            reads = reads.wrapping_add(1);
            out.push((index, Action::AtomicIssue(atomic)));
        }
        let last = DdpRepr::parse_control(&f.fpdu.ulpdu).is_ok_and(|c| c.last);
        if matches!(
            f.opcode,
            Some(Opcode::ReadResponse | Opcode::AtomicResponse)
        ) && last
        {
            out.push((index, Action::ReadDone { count: 1 }));
        }
    }
    out
}

/// All steps in capture order.
pub(super) fn steps(
    capture: &Capture,
    conn: &Connection,
    we: Side,
    install: &Install,
    options: &PlanOptions,
) -> Vec<Step> {
    let zero = conn
        .frames
        .first()
        .map_or(Duration::ZERO, |f| capture.frames[f.index].time);
    let mut ours = our_events(conn, we).into_iter().peekable();
    let mut mirror = SndMirror {
        snd_una: install.snd_una,
        snd_nxt: install.snd_nxt,
        last_ack_sent: install.rcv_nxt,
        max_wnd: install.snd_wnd,
    };
    let mut told = None;
    let mut out = Vec::new();
    for f in &conn.frames {
        let frame = &capture.frames[f.index];
        let time = frame.time.saturating_sub(zero);
        let step = |action| Step { time, action };
        if f.from == we {
            if f.intact && behind_startup(f.tcp.flags, f.tcp.seq, seq_len(f), install.snd_nxt) {
                let end = f.tcp.seq.wrapping_add(seq_len(f));
                if seq_diff(end, mirror.snd_nxt) > 0 && !f.tcp.flags.has(Flags::RST) {
                    mirror.snd_nxt = end;
                }
                if f.tcp.flags.has(Flags::ACK) && seq_diff(f.tcp.ack, mirror.last_ack_sent) > 0 {
                    mirror.last_ack_sent = f.tcp.ack;
                }
            }
            while let Some((_, action)) = ours.next_if(|(index, _)| *index <= f.index) {
                out.push(step(action));
            }
            continue;
        }
        if !behind_startup(f.tcp.flags, f.tcp.seq, seq_len(f), install.rcv_nxt) {
            continue;
        }
        if told != Some(mirror) {
            out.push(step(Action::SndMirror(mirror)));
            told = Some(mirror);
        }
        let octets = if options.trim_startup {
            trim(&frame.data, install.rcv_nxt)
        } else {
            frame.data.clone()
        };
        out.push(step(Action::Frame {
            index: f.index,
            octets,
        }));
        if f.intact && f.tcp.flags.has(Flags::ACK) {
            let ahead = seq_diff(f.tcp.ack, mirror.snd_una);
            if ahead > 0 && seq_diff(f.tcp.ack, mirror.snd_nxt) <= 0 {
                mirror.snd_una = f.tcp.ack;
            }
            mirror.max_wnd = mirror.max_wnd.max(scaled(conn, f.from, f));
        }
    }
    out
}

/// The frame without payload octets before `start`.
fn trim(data: &[u8], start: u32) -> Vec<u8> {
    let Ok((mut r, at)) = FrameRepr::parse(data) else {
        return data.to_vec();
    };
    let old = seq_diff(start, r.tcp.seq);
    if old <= 0 || old as usize >= at.payload.len() {
        return data.to_vec();
    }
    r.tcp.seq = start;
    r.emit(&data[at.payload.start + old as usize..at.payload.end])
}

/// Frames replaced by those at the same place of `other`.
pub(super) fn by_place(steps: &[Step], other: &Capture) -> Vec<Step> {
    let mut out = steps.to_vec();
    for s in &mut out {
        if let Action::Frame { index, octets } = &mut s.action {
            if let Some(f) = other.frames.get(*index) {
                octets.clone_from(&f.data);
            }
        }
    }
    out
}

/// Frames replaced by those of `other` from the same sender to the same receiver, merged with our events by time.
pub(super) fn by_tuple(steps: &[Step], other: &Capture, install: &Install) -> Vec<Step> {
    let t = &install.tuple;
    let is_tuple = |r: &FrameRepr| {
        let to_us =
            (r.ip.src(), r.tcp.src_port) == t.remote && (r.ip.dst(), r.tcp.dst_port) == t.local;
        let back =
            (r.ip.src(), r.tcp.src_port) == t.local && (r.ip.dst(), r.tcp.dst_port) == t.remote;
        (to_us, back)
    };
    let parsed: Vec<_> = other
        .frames
        .iter()
        .map(|f| FrameRepr::parse(&f.data).ok())
        .collect();
    let of_conn = |p: &Option<(FrameRepr, _)>| {
        p.as_ref()
            .is_some_and(|(r, _)| is_tuple(r) != (false, false))
    };
    let first = parsed.iter().position(of_conn);
    let zero = first.map_or(Duration::ZERO, |i| other.frames[i].time);
    let mut out: Vec<Step> = Vec::new();
    let mut ours = steps
        .iter()
        .filter(|s| !matches!(s.action, Action::Frame { .. }))
        .cloned()
        .peekable();
    for (index, p) in parsed.iter().enumerate() {
        let Some((r, at)) = p else { continue };
        let len = at.payload.len() as u32 + u32::from(r.tcp.flags.has(Flags::FIN));
        if !is_tuple(r).0 || !behind_startup(r.tcp.flags, r.tcp.seq, len, install.rcv_nxt) {
            continue;
        }
        let time = other.frames[index].time.saturating_sub(zero);
        while let Some(s) = ours.next_if(|s| s.time <= time) {
            out.push(s);
        }
        let octets = other.frames[index].data.clone();
        out.push(Step {
            time,
            action: Action::Frame { index, octets },
        });
    }
    out.extend(ours);
    out
}
