//! What has to come out: the stream of a connection as FPDUs, written from the wire formats, and what a grant gives of it.

/// An FPDU without its CRC.
#[derive(Clone, Debug)]
pub struct Fpdu {
    /// First octet's place in the stream, from the connection's beginning; octets, CRC counted.
    pub at: u64,
    pub len: u64,
    pub header: Vec<u8>,
    pub payload: Vec<u8>,
    pub wqe: usize,
    pub fin: bool,
    /// It cannot be made: the WQE's status.
    pub fails: Option<u8>,
}

/// A message of the ULP.
pub struct Message {
    pub op: u8,
    pub stag: u32,
    pub to: u64,
    pub octets: Vec<u8>,
    pub inline: bool,
    /// Octets from here on cannot be had, and the status that this gives.
    pub bad_from: Option<(usize, u8)>,
}

/// The stream of one connection.
pub struct Stream {
    pub mulpdu: usize,
    pub mss: u64,
    pub msn: u32,
    pub end: u64,
    pub fpdus: Vec<Fpdu>,
}

impl Stream {
    pub fn new(mss: usize, msn: u32, longest: usize) -> Self {
        // RFC 5044 with no Markers: EMSS - (6 + EMSS mod 4), not below 128.
        let mulpdu = mss.saturating_sub(6 + mss % 4).clamp(128, longest - 6);
        Stream {
            mulpdu,
            mss: mss as u64,
            msn,
            end: 0,
            fpdus: vec![],
        }
    }

    pub fn add(&mut self, wqe: usize, m: &Message) {
        let tagged = m.op == 0;
        let header = if tagged { 14 } else { 18 };
        let mut most = self.mulpdu - header;
        if m.inline && m.octets.len() > most {
            most -= most % 16;
        }
        let mut mo = 0;
        loop {
            let n = most.min(m.octets.len() - mo);
            // The last one may use all of MULPDU.
            let left = m.octets.len() - mo;
            let n = if left <= self.mulpdu - header {
                left
            } else {
                n
            };
            let last = mo + n == m.octets.len();
            let mut h = vec![];
            if tagged {
                h.extend([if last { 0xc1 } else { 0x81 }, 0x40]);
                h.extend(m.stag.to_be_bytes());
                h.extend(m.to.wrapping_add(mo as u64).to_be_bytes());
            } else {
                h.extend([if last { 0x41 } else { 0x01 }, 0x40 | m.op]);
                let inv = if m.op == 4 || m.op == 6 { m.stag } else { 0 };
                h.extend(inv.to_be_bytes());
                h.extend(0u32.to_be_bytes());
                h.extend(self.msn.to_be_bytes());
                h.extend((mo as u32).to_be_bytes());
            }
            let len = ((2 + h.len() + n).div_ceil(4) * 4 + 4) as u64;
            let fails = m.bad_from.filter(|(at, _)| mo + n > *at).map(|b| b.1);
            self.fpdus.push(Fpdu {
                at: self.end,
                len,
                header: h,
                payload: m.octets[mo..mo + n].to_vec(),
                wqe,
                fin: last,
                fails,
            });
            self.end += len;
            mo += n;
            if last {
                break;
            }
        }
        if !tagged {
            self.msn = self.msn.wrapping_add(1);
        }
    }

    pub fn at(&self, at: u64) -> Option<usize> {
        self.fpdus
            .iter()
            .rposition(|f| f.at <= at && at < f.at + f.len)
    }

    /// The segments of a grant: place, octets, FPDU. And the FPDU that stopped it because it cannot be made.
    pub fn grant(
        &self,
        kind: u8,
        from: u64,
        budget: u64,
        idle: bool,
        quantum: usize,
        stop: u64,
    ) -> (Vec<(u64, u64, usize)>, Option<usize>) {
        let mut given: Vec<(u64, u64, usize)> = vec![];
        let (mut at, mut left) = (from, budget);
        while let Some(i) = self.at(at).filter(|_| at < stop) {
            let f = &self.fpdus[i];
            let rest = f.at + f.len - at;
            let room = left.min(self.mss);
            let part = match kind {
                3 => 1,
                _ if rest <= room => rest,
                1 if rest > self.mss && room == self.mss => room,
                1 if !(idle && given.is_empty()) => 0,
                _ => room,
            };
            if part == 0 || room == 0 {
                break;
            }
            if f.fails.is_some() {
                return (given, Some(i));
            }
            given.push((at, part, i));
            at += part;
            left -= part;
            if kind != 1 || part < rest || given.len() >= quantum || left == 0 {
                break;
            }
        }
        (given, None)
    }
}
