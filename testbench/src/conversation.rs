//! Made-up captures: two ends that open a connection, start MPA and talk, frame by frame as the test says.

use crate::capture::{Capture, CapturedFrame, Side};
use crate::wire::ethernet::{Mac, Vlan};
use crate::wire::frame::{Endpoint, FrameRepr};
use crate::wire::mpa::{StartupKind, StartupRepr};
use crate::wire::tcp::{Flags, TcpOption};
use std::net::Ipv4Addr;
use std::time::Duration;

/// How the two ends are set up.
#[derive(Debug, Clone)]
pub struct ConversationOptions {
    pub client: Endpoint,
    pub server: Endpoint,
    pub vlan: Option<Vlan>,
    pub client_isn: u32,
    pub server_isn: u32,
    pub mss: u16,
    /// Shift that both ends announce.
    pub window_scale: Option<u8>,
    pub timestamps: bool,
    pub sack: bool,
}

impl Default for ConversationOptions {
    fn default() -> Self {
        let end = |n: u8, port| Endpoint {
            mac: Mac([2, 0, 0, 0, 0, n]),
            ip: Ipv4Addr::new(10, 0, 0, n).into(),
            port,
        };
        ConversationOptions {
            client: end(2, 40001),
            server: end(1, 18515),
            vlan: None,
            client_isn: 0xffff_ff00,
            server_isn: 0x1000_0000,
            mss: 1460,
            window_scale: Some(7),
            timestamps: true,
            sack: true,
        }
    }
}

/// A capture being written. Sequence numbers, acknowledgements and times count on by themselves.
#[derive(Debug, Clone)]
pub struct Conversation {
    pub options: ConversationOptions,
    pub frames: Vec<CapturedFrame>,
    next: [u32; 2],
    clock: u32,
}

/// A Request or Reply with the given flags, revision 1.
pub fn startup(kind: StartupKind, crc: bool, markers: bool, private_data: &[u8]) -> StartupRepr {
    let private_data = private_data.to_vec();
    StartupRepr {
        kind,
        markers,
        crc,
        reject: false,
        enhanced: false,
        reserved: 0,
        rev: 1,
        private_data,
    }
}

impl Conversation {
    pub fn new(options: ConversationOptions) -> Self {
        let next = [options.client_isn, options.server_isn];
        Conversation {
            options,
            frames: Vec::new(),
            next,
            clock: 1000,
        }
    }

    /// Next sequence number of an end.
    pub fn seq(&self, from: Side) -> u32 {
        self.next[from as usize]
    }

    /// A frame from `from` at any sequence number; nothing is counted on but the time.
    pub fn raw(
        &mut self,
        from: Side,
        seq: u32,
        flags: Flags,
        mut options: Vec<TcpOption>,
        payload: &[u8],
    ) {
        let o = &self.options;
        let (src, dst) = match from {
            Side::Client => (o.client, o.server),
            Side::Server => (o.server, o.client),
        };
        if o.timestamps {
            let ecr = self.clock.wrapping_sub(1);
            options.extend([
                TcpOption::Nop,
                TcpOption::Nop,
                TcpOption::Timestamps {
                    val: self.clock,
                    ecr,
                },
            ]);
        }
        let ack = if flags.has(Flags::ACK) {
            self.seq(from.other())
        } else {
            0
        };
        let mut r = FrameRepr::new(src, dst, o.vlan, seq, ack, flags, options);
        r.tcp.window = 2000;
        self.clock += 1;
        let (number, time) = (
            self.frames.len() + 1,
            Duration::from_micros(u64::from(self.clock)),
        );
        self.frames.push(CapturedFrame {
            number,
            time,
            data: r.emit(payload),
        });
    }

    /// SYN, SYN-ACK, ACK.
    pub fn handshake(&mut self) -> &mut Self {
        let o = &self.options;
        let mut options = vec![TcpOption::Mss(o.mss)];
        options.extend(o.window_scale.map(TcpOption::WindowScale));
        if o.sack {
            options.push(TcpOption::SackPermitted);
        }
        self.raw(
            Side::Client,
            self.seq(Side::Client),
            Flags::SYN,
            options.clone(),
            &[],
        );
        self.next[0] = self.next[0].wrapping_add(1);
        self.raw(
            Side::Server,
            self.seq(Side::Server),
            Flags::SYN | Flags::ACK,
            options,
            &[],
        );
        self.next[1] = self.next[1].wrapping_add(1);
        self.ack(Side::Client)
    }

    /// One frame with the next octets of `from`.
    pub fn send(&mut self, from: Side, payload: &[u8]) -> &mut Self {
        self.raw(
            from,
            self.seq(from),
            Flags::ACK | Flags::PSH,
            Vec::new(),
            payload,
        );
        self.skip(from, payload.len())
    }

    /// The octets in frames of at most `size`.
    pub fn send_cut(&mut self, from: Side, payload: &[u8], size: usize) -> &mut Self {
        for part in payload.chunks(size.max(1)) {
            self.send(from, part);
        }
        self
    }

    /// Counts octets as sent without a frame.
    pub fn skip(&mut self, from: Side, octets: usize) -> &mut Self {
        self.next[from as usize] = self.next[from as usize].wrapping_add(octets as u32);
        self
    }

    /// A pure acknowledgement.
    pub fn ack(&mut self, from: Side) -> &mut Self {
        self.raw(from, self.seq(from), Flags::ACK, Vec::new(), &[]);
        self
    }

    pub fn fin(&mut self, from: Side) -> &mut Self {
        self.raw(
            from,
            self.seq(from),
            Flags::ACK | Flags::FIN,
            Vec::new(),
            &[],
        );
        self.skip(from, 1)
    }

    /// Handshake and both startup frames.
    pub fn open(&mut self, request: &StartupRepr, reply: &StartupRepr) -> &mut Self {
        self.handshake();
        self.send(Side::Client, &request.emit());
        self.send(Side::Server, &reply.emit())
    }

    /// Handshake and a plain startup with CRC, without Markers.
    pub fn open_plain(&mut self) -> &mut Self {
        let (request, reply) = (StartupKind::Request, StartupKind::Reply);
        self.open(
            &startup(request, true, false, b""),
            &startup(reply, true, false, b""),
        )
    }

    pub fn capture(&self) -> Capture {
        Capture {
            name: "made up".into(),
            frames: self.frames.clone(),
        }
    }
}
