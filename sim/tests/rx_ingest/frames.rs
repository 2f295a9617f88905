//! Frames for the ingest test: a generator of good, odd and broken ones, and the reference that parses a frame's octets.
//! Nothing here is shared with the hardware's code.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// What a frame is made of; `build` makes the octets, sums included.
#[derive(Clone, Debug)]
pub struct Spec {
    pub vid: Option<u16>,
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
    pub flags: u8,
    pub tos: u8,
    pub proto: u8,
    pub frag: u16,
    pub ver_ihl: u8,
    /// IPv6: `tos` is the traffic class, `proto` the next header, `frag` and `ver_ihl` are not used.
    pub six: bool,
    /// Octets behind the IP datagram; a frame below 60 octets is padded to 60 anyway.
    pub trailer: usize,
}

impl Default for Spec {
    fn default() -> Self {
        Spec {
            vid: None,
            options: vec![],
            payload: vec![],
            flags: 0x18,
            tos: 0,
            proto: 6,
            frag: 0x4000,
            ver_ihl: 0x45,
            six: false,
            trailer: 0,
        }
    }
}

/// NOP NOP Timestamps.
pub fn timestamps(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut o = vec![1, 1, 8, 10];
    o.extend(rng.gen::<[u8; 8]>());
    o
}

/// An FPDU of `ulpdu` octets of ULPDU (RFC 5044 4): length, ULPDU, pad, CRC.
pub fn fpdu(rng: &mut ChaCha8Rng, ulpdu: usize) -> Vec<u8> {
    let mut f = (ulpdu as u16).to_be_bytes().to_vec();
    f.extend((0..ulpdu).map(|_| rng.gen::<u8>()));
    while f.len() % 4 != 0 {
        f.push(0);
    }
    let crc = crc32c::crc32c(&f);
    f.extend(crc.to_le_bytes());
    f
}

/// Ones' complement sum of big-endian words, odd lengths padded with zero.
fn sum(parts: &[&[u8]]) -> u16 {
    let octets: Vec<u8> = parts.concat();
    let mut s: u32 = octets
        .chunks(2)
        .map(|c| u32::from(c[0]) << 8 | u32::from(*c.get(1).unwrap_or(&0)))
        .sum();
    while s > 0xffff {
        s = (s & 0xffff) + (s >> 16);
    }
    s as u16
}

impl Spec {
    pub fn build(&self, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let mut f: Vec<u8> = rng.gen::<[u8; 12]>().to_vec();
        if let Some(vid) = self.vid {
            f.extend([0x81, 0x00]);
            f.extend((vid | rng.gen::<u16>() & 0xf000).to_be_bytes());
        }
        let tcp_len = 20 + self.options.len() + self.payload.len();
        let addresses;
        if self.six {
            f.extend([0x86, 0xdd]);
            let flow: [u8; 3] = rng.gen();
            f.extend([
                0x60 | self.tos >> 4,
                self.tos << 4 | flow[0] & 15,
                flow[1],
                flow[2],
            ]);
            f.extend((tcp_len as u16).to_be_bytes());
            f.extend([self.proto, rng.gen()]);
            addresses = f.len();
            f.extend(rng.gen::<[u8; 32]>());
        } else {
            f.extend([8, 0]);
            let ip_at = f.len();
            f.extend([self.ver_ihl, self.tos]);
            f.extend(((20 + tcp_len) as u16).to_be_bytes());
            f.extend(rng.gen::<[u8; 2]>());
            f.extend(self.frag.to_be_bytes());
            f.extend([64, self.proto, 0, 0]);
            addresses = f.len();
            f.extend(rng.gen::<[u8; 8]>());
            let ip_sum = !sum(&[&f[ip_at..]]);
            f[ip_at + 10..ip_at + 12].copy_from_slice(&ip_sum.to_be_bytes());
        }
        let tcp_at = f.len();
        f.extend(rng.gen::<[u8; 12]>());
        f.extend([((5 + self.options.len() / 4) as u8) << 4, self.flags]);
        f.extend(rng.gen::<[u8; 2]>());
        f.extend([0, 0, 0, 0]);
        f.extend(&self.options);
        f.extend(&self.payload);
        let pseudo = [0, self.proto, (tcp_len >> 8) as u8, tcp_len as u8];
        let tcp_sum = !sum(&[&f[addresses..tcp_at], &pseudo, &f[tcp_at..]]);
        f[tcp_at + 16..tcp_at + 18].copy_from_slice(&tcp_sum.to_be_bytes());
        for _ in 0..self.trailer {
            f.push(rng.gen());
        }
        while f.len() < 60 {
            f.push(rng.gen());
        }
        f
    }
}

/// A random frame: mostly TCP with FPDUs, and everything that may go wrong with one.
pub fn random(rng: &mut ChaCha8Rng, max: usize) -> Vec<u8> {
    let mut s = Spec::default();
    if rng.gen_bool(0.3) {
        s.vid = Some(rng.gen::<u16>() & 0xfff);
    }
    s.options = match rng.gen_range(0..10) {
        0..=3 => vec![],
        4..=6 => timestamps(rng),
        7 => {
            // the right length, another layout
            let mut o = timestamps(rng);
            o[rng.gen_range(0..4)] ^= 1 << rng.gen_range(0..8);
            o
        }
        8 => {
            let mut o = timestamps(rng);
            o.extend([1, 1, 1, 1]);
            o
        }
        _ => (0..4 * rng.gen_range(0..=10)).map(|_| rng.gen()).collect(),
    };
    s.six = rng.gen_bool(0.4);
    let room = max.saturating_sub(100 + s.options.len());
    s.payload = match rng.gen_range(0..10) {
        0 => vec![],
        1 => {
            let n = rng.gen_range(1..40);
            (0..n).map(|_| rng.gen()).collect()
        }
        2..=4 => {
            let n = rng.gen_range(14..30);
            fpdu(rng, n)
        }
        _ => {
            let n = rng.gen_range(14..room.max(15));
            fpdu(rng, n)
        }
    };
    s.flags = rng.gen();
    s.tos = rng.gen();
    if rng.gen_bool(0.2) {
        s.trailer = rng.gen_range(0..20);
    }
    match rng.gen_range(0..30) {
        0 => s.proto = 17,
        1 => s.frag = 0x2000,
        2 => s.frag = rng.gen_range(1..0x2000),
        3 => s.ver_ihl = 0x46,
        4 => s.ver_ihl = 0x65,
        _ => {}
    }
    let mut f = s.build(rng);
    let v = if s.vid.is_some() { 4 } else { 0 };
    // where the IP length is, and the data offset
    let (len_at, offset_at) = if s.six {
        (18 + v, 66 + v)
    } else {
        (16 + v, 46 + v)
    };
    match rng.gen_range(0..16) {
        // one bad bit
        0..=2 => {
            let i = rng.gen_range(0..f.len());
            f[i] ^= 1 << rng.gen_range(0..8);
        }
        // IP total length is wrong
        3 => {
            let t = u16::from_be_bytes([f[len_at], f[len_at + 1]]);
            let t = match rng.gen_range(0..4) {
                3 => 0,
                0 => t.wrapping_add(rng.gen_range(1..40)),
                1 => t.wrapping_sub(rng.gen_range(1..40)),
                _ => rng.gen(),
            };
            f[len_at..len_at + 2].copy_from_slice(&t.to_be_bytes());
        }
        // data offset is wrong
        4 => f[offset_at] = rng.gen(),
        // the end is missing
        5 => f.truncate(rng.gen_range(1..=f.len())),
        // garbage
        6 => {
            let n = rng.gen_range(1..max + 2);
            f = (0..n).map(|_| rng.gen()).collect();
        }
        // another EtherType, that of the other version and a second tag among them
        7 => {
            let e = [[0x86, 0xdd], [0x81, 0x00], [8, 0], [0x88, 0xa8]][rng.gen_range(0..4)];
            f[12 + v..14 + v].copy_from_slice(&e);
        }
        // IPv6 of another version; with an extension header, or another next header
        9 if s.six => f[14 + v] ^= 1 << rng.gen_range(4..8),
        10 if s.six => f[20 + v] = [0, 43, 44, 60, 17, 7][rng.gen_range(0..6)],
        // too long
        8 => {
            let n = rng.gen_range(max.saturating_sub(3)..max + 150);
            f.resize_with(n.max(f.len()), || rng.gen());
        }
        _ => {}
    }
    f
}

/// What the reference says about a frame's octets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// A lookup is launched; the tuple is 109 bits.
    pub tuple: Option<u128>,
    /// IPv6: the upper 96 bits of source and destination.
    pub upper: Option<(u128, u128)>,
    /// Frame octet with which the tuple is complete.
    pub tuple_octet: usize,
    pub hdr_ok: bool,
    pub h: usize,
    pub plen: usize,
    pub seq: u32,
    pub ack: u32,
    pub wnd: u16,
    pub flags: u8,
    pub ce: bool,
    pub ts: bool,
    pub tsval: u32,
    pub tsecr: u32,
    pub stag: u32,
    pub ip_ok: bool,
    pub tcp_ok: bool,
    pub crc_ok: bool,
    /// The last frame octet that FrameDone shows.
    pub shown: usize,
    /// FPDU octets, as far as the payload and 48 go.
    pub header: Vec<u8>,
}

/// `ipv6`: the chip has it.
pub fn parse(f: &[u8], ipv6: bool) -> Parsed {
    let at = |i: usize| f.get(i).copied().unwrap_or(0);
    let be16 = |i: usize| u16::from_be_bytes([at(i), at(i + 1)]);
    let be32 = |i: usize| u32::from_be_bytes([at(i), at(i + 1), at(i + 2), at(i + 3)]);
    let v = if f.len() >= 14 && be16(12) == 0x8100 {
        4
    } else {
        0
    };
    let six = ipv6 && be16(12 + v) == 0x86dd;
    let longer = if six { 20 } else { 0 };
    let mut p = Parsed {
        tuple_octet: 37 + v + longer,
        shown: 53 + v + longer,
        ..Default::default()
    };
    let ip = 14 + v;
    let tcp = ip + 20 + longer;
    let four =
        be16(12 + v) == 0x0800 && at(ip) == 0x45 && be16(ip + 6) & 0x3fff == 0 && at(ip + 9) == 6;
    let six = six && at(ip) >> 4 == 6 && at(ip + 6) == 6;
    if f.len() <= p.tuple_octet || !(four || six) {
        return p;
    }
    let (src, dst) = if six {
        let number = |i: usize| (0..16).fold(0u128, |n, j| n << 8 | u128::from(at(i + j)));
        let (src, dst) = (number(ip + 8), number(ip + 24));
        p.upper = Some((src >> 32, dst >> 32));
        (src as u32, dst as u32)
    } else {
        (be32(ip + 12), be32(ip + 16))
    };
    let vlan = match v {
        0 => 0,
        _ => 0x1000 | u128::from(be16(14) & 0xfff),
    };
    p.tuple = Some(
        vlan << 96
            | u128::from(be16(tcp + 2)) << 80
            | u128::from(be16(tcp)) << 64
            | u128::from(dst) << 32
            | u128::from(src),
    );
    // octets of IP packet, header included
    let total = if six {
        40 + be16(ip + 4) as usize
    } else {
        be16(ip + 2) as usize
    };
    let ip_header = tcp - ip;
    let doff = (at(tcp + 12) >> 4) as usize;
    // a data offset that is too small counts as 5 for everything but `hdr_ok`
    let tcp_header = 4 * doff.max(5);
    p.h = tcp + tcp_header;
    p.plen = total.saturating_sub(ip_header + tcp_header);
    p.hdr_ok = doff >= 5 && total >= ip_header + tcp_header && f.len() >= ip + total;
    p.seq = be32(tcp + 4);
    p.ack = be32(tcp + 8);
    p.flags = at(tcp + 13);
    p.wnd = be16(tcp + 14);
    p.ce = if six {
        at(ip + 1) >> 4 & 3 == 3
    } else {
        at(ip + 1) & 3 == 3
    };
    p.ts = doff >= 8 && be32(tcp + 20) == 0x0101_080a;
    p.tsval = be32(tcp + 24);
    p.tsecr = be32(tcp + 28);
    p.shown = p.shown.max((p.h + p.plen.min(20)).saturating_sub(1));
    p.stag = be32(p.h + 4);
    p.ip_ok = six || sum(&[&f[ip..ip + 20]]) == 0xffff;
    if p.hdr_ok {
        let end = ip + total;
        let tcp_len = (total - ip_header) as u16;
        let pseudo = [0, 6, (tcp_len >> 8) as u8, tcp_len as u8];
        let addresses = if six { ip + 8 } else { ip + 12 };
        p.tcp_ok = sum(&[&f[addresses..tcp], &pseudo, &f[tcp..end]]) == 0xffff;
        let payload = &f[p.h..end];
        if let Some(n) = payload.len().checked_sub(4) {
            p.crc_ok = crc32c::crc32c(&payload[..n]).to_le_bytes() == payload[n..];
        }
        p.header = payload[..payload.len().min(48)].to_vec();
    }
    p
}
