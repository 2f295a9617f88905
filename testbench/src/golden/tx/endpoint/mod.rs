//! Both halves of the golden endpoint joined: one connection of a host, fed with work requests, receive buffers and frames.
//!
//! Virtual time: [`Endpoint::receive`] takes a frame, [`Endpoint::next_frame`] gives what leaves now until there is nothing
//! more, [`Endpoint::deadline`] and [`Endpoint::advance`] are its timers.
//!
//! Policy:
//! * FPDUs are made when the TCP sender has less than two segments unsent, Responses and send queue in turn, messages whole.
//! * A request completes at the cumulative acknowledgement of its last octet, a Read or Atomic with its answer, in order.
//! * After an error found here: Terminate (unless the connection itself is gone), FIN, everything outstanding flushed. After
//!   a Terminate of the peer: FIN and flush. After a reset or a time-out: flush.
//! * A Responder sends no FPDU before the first good one arrived (RFC 5044 7.1.2).
//! * SACK blocks ride on payload where they fit; what must be reported at once goes alone.

mod receive;
mod transmit;
mod work;

pub use work::{Payload, SqCompletion, SqStatus, Work, WorkRequest};

use super::acks::{AckPolicy, Acker};
use super::fpdu::{FpduMaker, FpduRecord, MakerConfig, Message};
use super::frame::FrameTemplate;
use super::sender::{Ns, SenderConfig, TcpSender, TimerEvent};
use crate::golden::{ConnConfig, Connection, Event, Host, OpCounts, ReadIssue, Rqe, Tuple};
use crate::wire::ddp::{ReadRequestRepr, Term, TerminateRepr};
use crate::wire::frame::Endpoint as Address;
use std::collections::VecDeque;
use work::Wqe;

#[derive(Debug, Clone)]
pub struct EndpointConfig {
    pub local: Address,
    pub remote: Address,
    pub vlan: Option<u16>,
    /// Receive half. Tuple, acknowledgement range, timestamps and SACK are set from the rest of this.
    pub conn: ConnConfig,
    pub sender: SenderConfig,
    pub maker: MakerConfig,
    pub acks: AckPolicy,
    /// Octets offered to the peer, at most `conn.rcv_wnd`, and the shift of our window field.
    pub window: u32,
    pub window_scale: u8,
    /// Waits for the peer's first FPDU.
    pub responder: bool,
    /// Reads and Atomics of ours that may be open.
    pub ord: usize,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    /// No more FPDUs leave: an error, a Terminate, or the owner closed.
    Closing,
    /// Reset, or given up.
    Dead,
}

/// An answer that is owed to the peer.
#[derive(Debug, Clone)]
enum Answer {
    Read { msn: u32, request: ReadRequestRepr },
    Atomic { msn: u32, id: u32, original: u64 },
}

/// Payload of the message being cut into FPDUs.
#[derive(Debug, Clone)]
enum Source {
    Octets(Vec<u8>),
    /// Of a Read Response: read FPDU by FPDU.
    Region {
        stag: u32,
        to: u64,
    },
}

/// Counters beyond those of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndpointStats {
    pub frames_in: u64,
    pub frames_out: u64,
    pub bare_acks: u64,
    /// Frames that were spoilt or not ours.
    pub refused: u64,
}

#[derive(Debug)]
pub struct Endpoint {
    pub host: Host,
    conn: Connection,
    tcp: TcpSender,
    maker: FpduMaker,
    acker: Acker,
    template: FrameTemplate,
    cfg: EndpointConfig,
    state: State,
    /// Closed for FPDUs until the peer's first.
    gate: bool,
    sq: VecDeque<Wqe>,
    next_index: u32,
    current: Option<(Message, Source)>,
    answers: VecDeque<Answer>,
    answers_turn: bool,
    /// Atomics asked for: their Responses count on queue 3.
    atomics: u32,
    terminate: Option<TerminateRepr>,
    /// Right edge of the window ever offered, as octets behind the first sequence number.
    edge: u64,
    received: u64,
    resets: VecDeque<Vec<u8>>,
    completions: Vec<SqCompletion>,
    events: Vec<Event>,
    timers: Vec<(Ns, TimerEvent)>,
    records: Vec<FpduRecord>,
    ops: OpCounts,
    memory_errors: usize,
    stats: EndpointStats,
}

impl Endpoint {
    pub fn new(mut cfg: EndpointConfig, host: Host, now: Ns) -> Self {
        cfg.conn.tuple = Some(Tuple {
            local: (cfg.local.ip, cfg.local.port),
            remote: (cfg.remote.ip, cfg.remote.port),
            vlan: cfg.vlan,
        });
        cfg.conn.timestamps = cfg.sender.timestamps.is_some();
        cfg.conn.sack = cfg.sender.sack;
        cfg.maker.first_seq = cfg.sender.first_seq;
        let mut template = FrameTemplate::new(cfg.local, cfg.remote);
        template.vlan = cfg.vlan;
        let mut conn = Connection::new(cfg.conn.clone());
        conn.ack_sent(cfg.conn.rcv_nxt);
        Endpoint {
            host,
            conn,
            tcp: TcpSender::new(cfg.sender.clone(), now),
            maker: FpduMaker::new(cfg.maker),
            acker: Acker::new(cfg.acks),
            template,
            state: State::Open,
            gate: !cfg.responder,
            sq: VecDeque::new(),
            next_index: 0,
            current: None,
            answers: VecDeque::new(),
            answers_turn: true,
            atomics: 0,
            terminate: None,
            edge: u64::from(cfg.window),
            received: 0,
            resets: VecDeque::new(),
            completions: Vec::new(),
            events: Vec::new(),
            timers: Vec::new(),
            records: Vec::new(),
            ops: OpCounts::default(),
            memory_errors: 0,
            stats: EndpointStats::default(),
            cfg,
        }
    }

    /// Appends a work request; the number is that of its queue entry. In a closed connection it is flushed at once.
    pub fn post(&mut self, now: Ns, request: WorkRequest) -> u32 {
        let index = self.next_index;
        self.next_index = index.wrapping_add(1);
        self.sq.push_back(Wqe {
            index,
            request,
            end: None,
            answered: false,
            original: None,
        });
        match self.state {
            State::Open => {}
            State::Closing => self.flush(now, SqStatus::Flushed),
            State::Dead => self.flush(now, SqStatus::ConnectionLost),
        }
        index
    }

    pub fn post_recv(&mut self, rqe: Rqe) {
        self.conn.post_recv(rqe);
    }

    /// Graceful end: no more requests are taken up, FIN behind what was made.
    pub fn close(&mut self, now: Ns) {
        self.stop(now, SqStatus::Flushed);
    }

    /// RST, and everything outstanding is flushed.
    pub fn abort(&mut self, now: Ns) {
        let reset = self.reset_frame();
        self.resets.push_back(reset);
        self.die(now);
    }

    /// Octets offered to the peer from now on. What was offered before stays offered.
    pub fn set_window(&mut self, now: Ns, window: u32) {
        let opened = window > self.cfg.window;
        self.cfg.window = window.min(self.cfg.conn.rcv_wnd);
        if opened {
            self.acker.ask(now, super::acks::Ask::Now);
        }
    }

    /// The path changed: payload of segments and FPDUs to come.
    pub fn set_mss(&mut self, mss: usize) {
        self.tcp.set_mss(mss);
        let markers = self.cfg.maker.framing.markers;
        self.maker.set_mulpdu(super::octets::mulpdu(mss, markers));
    }

    /// The receive half.
    pub fn connection(&self) -> &Connection {
        &self.conn
    }

    pub fn sender(&self) -> &TcpSender {
        &self.tcp
    }

    pub fn config(&self) -> &EndpointConfig {
        &self.cfg
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// Every request posted has its completion, and everything sent is acknowledged.
    pub fn idle(&self) -> bool {
        self.sq.is_empty() && self.answers.is_empty() && self.current.is_none() && self.tcp.idle()
    }

    pub fn completions(&self) -> &[SqCompletion] {
        &self.completions
    }

    /// Receive completions, Read and Atomic events, errors, in their order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub fn timer_events(&self) -> &[(Ns, TimerEvent)] {
        &self.timers
    }

    /// Records of all FPDUs made.
    pub fn records(&self) -> &[FpduRecord] {
        &self.records
    }

    /// FPDUs taken, by opcode.
    pub fn ops(&self) -> &OpCounts {
        &self.ops
    }

    /// Placements that hit no region: zero, or the test is set up wrong.
    pub fn memory_errors(&self) -> usize {
        self.memory_errors
    }

    pub fn stats(&self) -> EndpointStats {
        self.stats
    }

    pub fn deadline(&self) -> Option<Ns> {
        if self.state == State::Dead {
            return None;
        }
        let both = [self.tcp.deadline(), self.acker.deadline()];
        both.into_iter().flatten().min()
    }

    /// Timers that are due by now.
    pub fn advance(&mut self, now: Ns) {
        for e in self.tcp.on_timer(now) {
            self.timers.push((now, e));
            if e == TimerEvent::GaveUp {
                self.die(now);
            }
        }
    }

    fn die(&mut self, now: Ns) {
        self.state = State::Dead;
        self.current = None;
        self.answers.clear();
        self.terminate = None;
        self.flush(now, SqStatus::ConnectionLost);
    }

    /// No more FPDUs but the Terminate; FIN behind it.
    fn stop(&mut self, now: Ns, status: SqStatus) {
        if self.state == State::Open {
            self.state = State::Closing;
        }
        self.current = None;
        self.answers.clear();
        self.flush(now, status);
    }

    /// Ends every request: first those that are done, then the first with `status`.
    fn flush(&mut self, now: Ns, status: SqStatus) {
        self.complete(now);
        let mut status = status;
        for w in self.sq.drain(..) {
            self.completions.push(SqCompletion {
                id: w.request.id,
                wqe: w.index,
                status,
                at: now,
                original: None,
            });
            status = SqStatus::Flushed;
        }
    }

    /// Takes finished requests off the front of the queue.
    fn complete(&mut self, now: Ns) {
        let una = self.tcp.una();
        while let Some(w) = self.sq.front() {
            let sent = w.end.is_some_and(|e| e <= una);
            let done = if w.request.work.awaits_answer() {
                w.answered
            } else {
                sent
            };
            if !done {
                break;
            }
            self.completions.push(SqCompletion {
                id: w.request.id,
                wqe: w.index,
                status: SqStatus::Ok,
                at: now,
                original: w.original,
            });
            self.sq.pop_front();
        }
    }

    /// Reads and Atomics of ours that are open.
    pub fn open_now(&self) -> usize {
        self.open_reads()
    }

    /// Requests that wait for the peer's answer.
    fn open_reads(&self) -> usize {
        self.sq
            .iter()
            .take_while(|w| w.end.is_some())
            .filter(|w| w.request.work.awaits_answer() && !w.answered)
            .count()
    }

    fn terminate_with(&mut self, now: Ns, t: TerminateRepr, status: SqStatus) {
        if self.state == State::Open {
            self.terminate = Some(t);
        }
        self.stop(now, status);
    }

    fn local_error(&mut self, now: Ns, status: SqStatus) {
        let t = TerminateRepr {
            term: Term::new(0x00, 0x00),
            length_valid: false,
            reserved: 0,
            ddp: None,
            rdma: None,
        };
        self.terminate_with(now, t, status);
    }

    fn issue_read(&mut self, wqe: u32, sink_stag: u32, sink_to: u64, len: u32) {
        self.conn.issue_read(ReadIssue {
            sq_idx: wqe as u16,
            sink_stag,
            sink_to,
            len,
        });
    }
}
