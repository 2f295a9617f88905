//! The frame that a segment must become, octet by octet from the RFCs and WIRE.md: shares nothing with the hardware.

/// Header template of a connection.
#[derive(Clone, Debug)]
pub struct Template {
    pub dst_mac: [u8; 6],
    pub src_mac: [u8; 6],
    pub vid: Option<u16>,
    /// 4 or 16 octets each.
    pub src: Vec<u8>,
    pub dst: Vec<u8>,
    pub sport: u16,
    pub dport: u16,
    pub ttl: u8,
    pub dscp: u8,
}

#[derive(Clone, Debug, Default)]
pub struct Segment {
    pub conn: usize,
    pub seq: u32,
    pub ack: u32,
    pub wnd: u16,
    pub flags: u8,
    pub ect: bool,
    pub ts: Option<(u32, u32)>,
    /// Left and right edges.
    pub sack: Vec<(u32, u32)>,
    pub fpdus: Vec<Fpdu>,
}

#[derive(Clone, Debug, Default)]
pub struct Fpdu {
    /// DDP/RDMAP header.
    pub hdr: Vec<u8>,
    pub payload: Vec<u8>,
    pub crc: bool,
    /// Octets of it that go into the segment; none: all.
    pub cut: Option<(usize, usize)>,
    /// Sequence number modulo 512 of the first Marker, and of the FPDU.
    pub marks: Option<(u16, u16)>,
}

impl Fpdu {
    /// All octets of it (RFC 5044 4), its Markers and the one in front of it included.
    pub fn octets(&self) -> Vec<u8> {
        let ulpdu = self.hdr.len() + self.payload.len();
        let mut plain = (ulpdu as u16).to_be_bytes().to_vec();
        plain.extend(&self.hdr);
        plain.extend(&self.payload);
        while plain.len() % 4 != 0 {
            plain.push(0);
        }
        let mut o = vec![];
        let mut length_at = 0;
        let mut marker = |o: &mut Vec<u8>| {
            let Some((mark_at, seq)) = self.marks else {
                return;
            };
            if (usize::from(seq) + o.len()) % 512 == usize::from(mark_at) {
                let ptr = (o.len() - length_at) as u16;
                if o.is_empty() {
                    length_at = 4;
                }
                o.extend([0, 0]);
                o.extend(ptr.to_be_bytes());
            }
        };
        for word in plain.chunks(4) {
            marker(&mut o);
            o.extend(word);
        }
        marker(&mut o);
        let crc = if self.crc { crc32c::crc32c(&o) } else { 0 };
        o.extend(crc.to_le_bytes());
        o
    }

    pub fn range(&self) -> (usize, usize) {
        self.cut.unwrap_or((0, self.octets().len()))
    }
}

/// Internet checksum (RFC 1071).
fn checksum(parts: &[&[u8]]) -> u16 {
    let all = parts.concat();
    let mut sum = 0u64;
    for pair in all.chunks(2) {
        sum += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

impl Segment {
    pub fn options(&self) -> Vec<u8> {
        let mut o = vec![];
        if let Some((val, ecr)) = self.ts {
            o.extend([1, 1, 8, 10]);
            o.extend(val.to_be_bytes());
            o.extend(ecr.to_be_bytes());
        }
        if !self.sack.is_empty() {
            o.extend([1, 1, 5, 2 + 8 * self.sack.len() as u8]);
            for (left, right) in &self.sack {
                o.extend(left.to_be_bytes());
                o.extend(right.to_be_bytes());
            }
        }
        o
    }

    pub fn payload(&self) -> Vec<u8> {
        let mut all = vec![];
        for f in &self.fpdus {
            let (skip, take) = f.range();
            all.extend(&f.octets()[skip..skip + take]);
        }
        all
    }

    pub fn frame(&self, t: &Template) -> Vec<u8> {
        let payload = self.payload();
        let options = self.options();
        let tcp_len = 20 + options.len();

        let mut tcp = vec![];
        tcp.extend(t.sport.to_be_bytes());
        tcp.extend(t.dport.to_be_bytes());
        tcp.extend(self.seq.to_be_bytes());
        tcp.extend(self.ack.to_be_bytes());
        tcp.push((tcp_len as u8 / 4) << 4);
        tcp.push(self.flags);
        tcp.extend(self.wnd.to_be_bytes());
        tcp.extend([0; 4]);
        tcp.extend(&options);
        let len = tcp.len() + payload.len();
        let pseudo = match t.src.len() {
            4 => [0, 6, (len >> 8) as u8, len as u8].to_vec(),
            _ => [&(len as u32).to_be_bytes()[..], &[0, 0, 0, 6]].concat(),
        };
        let sum = checksum(&[&t.src, &t.dst, &pseudo, &tcp, &payload]);
        tcp[16..18].copy_from_slice(&sum.to_be_bytes());

        let tos = t.dscp << 2 | if self.ect { 2 } else { 0 };
        let mut ip = vec![];
        let ethertype = if t.src.len() == 4 {
            ip.extend([0x45, tos]);
            ip.extend(((20 + len) as u16).to_be_bytes());
            ip.extend([0, 0, 0x40, 0, t.ttl, 6, 0, 0]);
            ip.extend(&t.src);
            ip.extend(&t.dst);
            let sum = checksum(&[&ip]);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            0x0800u16
        } else {
            ip.extend(((6u32) << 28 | u32::from(tos) << 20).to_be_bytes());
            ip.extend((len as u16).to_be_bytes());
            ip.extend([6, t.ttl]);
            ip.extend(&t.src);
            ip.extend(&t.dst);
            0x86DD
        };

        let mut f = [t.dst_mac, t.src_mac].concat();
        if let Some(vid) = t.vid {
            f.extend(0x8100u16.to_be_bytes());
            f.extend(vid.to_be_bytes());
        }
        f.extend(ethertype.to_be_bytes());
        f.extend(ip);
        f.extend(tcp);
        f.extend(payload);
        if f.len() < 60 {
            f.resize(60, 0);
        }
        f
    }
}
