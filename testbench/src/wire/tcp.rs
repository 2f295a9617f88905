//! TCP header and options (RFC 9293, RFC 7323, RFC 2018), and sequence number arithmetic.

use super::{be16, be32, need, WireError};

/// TCP flag bits, as in octets 12 and 13 of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(pub u16);

impl Flags {
    pub const FIN: Flags = Flags(0x001);
    pub const SYN: Flags = Flags(0x002);
    pub const RST: Flags = Flags(0x004);
    pub const PSH: Flags = Flags(0x008);
    pub const ACK: Flags = Flags(0x010);
    pub const URG: Flags = Flags(0x020);
    pub const ECE: Flags = Flags(0x040);
    pub const CWR: Flags = Flags(0x080);

    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, rhs: Flags) -> Flags {
        Flags(self.0 | rhs.0)
    }
}

impl std::ops::BitAnd for Flags {
    type Output = Flags;
    fn bitand(self, rhs: Flags) -> Flags {
        Flags(self.0 & rhs.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TcpOption {
    Nop,
    Mss(u16),
    WindowScale(u8),
    SackPermitted,
    Timestamps { val: u32, ecr: u32 },
    Sack(Vec<(u32, u32)>),
    Unknown { kind: u8, data: Vec<u8> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpRepr {
    pub src_port: u16,
    pub dst_port: u16,
    pub seq: u32,
    pub ack: u32,
    pub flags: Flags,
    /// Window field, unscaled.
    pub window: u16,
    pub urgent: u16,
    pub options: Vec<TcpOption>,
}

impl TcpRepr {
    /// Header octets with options padded to a multiple of 4.
    pub fn header_len(&self) -> usize {
        (20 + self.options.iter().map(TcpOption::len).sum::<usize>()).next_multiple_of(4)
    }

    /// Parses header and options. The checksum is the caller's: it needs the IP addresses.
    /// An option with an illegal length ends the list, as a receiver must survive it (TCP-0E).
    pub fn parse(data: &[u8]) -> Result<Self, WireError> {
        let h = need("TCP header", data, 20)?;
        let len = usize::from(h[12] >> 4) * 4;
        if len < 20 {
            return Err(WireError::Malformed {
                what: "TCP header",
                field: "data offset",
                value: (len / 4) as u64,
            });
        }
        let h = need("TCP options", data, len)?;
        Ok(TcpRepr {
            src_port: be16(h, 0),
            dst_port: be16(h, 2),
            seq: be32(h, 4),
            ack: be32(h, 8),
            flags: Flags(be16(h, 12) & 0x1ff),
            window: be16(h, 14),
            urgent: be16(h, 18),
            options: parse_options(&h[20..]),
        })
    }

    /// Appends the header with a zero checksum field to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.src_port.to_be_bytes());
        out.extend_from_slice(&self.dst_port.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.ack.to_be_bytes());
        let word = ((self.header_len() / 4) as u16) << 12 | (self.flags.0 & 0x1ff);
        out.extend_from_slice(&word.to_be_bytes());
        out.extend_from_slice(&self.window.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.urgent.to_be_bytes());
        for o in &self.options {
            o.emit(out);
        }
        out.resize(start + self.header_len(), 0);
    }

    pub fn mss(&self) -> Option<u16> {
        self.options.iter().find_map(|o| {
            if let TcpOption::Mss(m) = o {
                Some(*m)
            } else {
                None
            }
        })
    }

    pub fn window_scale(&self) -> Option<u8> {
        self.options.iter().find_map(|o| {
            if let TcpOption::WindowScale(s) = o {
                Some((*s).min(14))
            } else {
                None
            }
        })
    }

    /// (TSval, TSecr)
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        self.options.iter().find_map(|o| {
            if let TcpOption::Timestamps { val, ecr } = o {
                Some((*val, *ecr))
            } else {
                None
            }
        })
    }

    pub fn sack_permitted(&self) -> bool {
        self.options.contains(&TcpOption::SackPermitted)
    }

    pub fn sack(&self) -> &[(u32, u32)] {
        self.options
            .iter()
            .find_map(|o| {
                if let TcpOption::Sack(b) = o {
                    Some(b.as_slice())
                } else {
                    None
                }
            })
            .unwrap_or(&[])
    }
}

impl TcpOption {
    /// Octets.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            TcpOption::Nop => 1,
            TcpOption::Mss(_) => 4,
            TcpOption::WindowScale(_) => 3,
            TcpOption::SackPermitted => 2,
            TcpOption::Timestamps { .. } => 10,
            TcpOption::Sack(b) => 2 + 8 * b.len(),
            TcpOption::Unknown { data, .. } => 2 + data.len(),
        }
    }

    fn emit(&self, out: &mut Vec<u8>) {
        let len = self.len() as u8;
        match self {
            TcpOption::Nop => out.push(1),
            TcpOption::Mss(m) => {
                out.extend_from_slice(&[2, len]);
                out.extend_from_slice(&m.to_be_bytes());
            }
            TcpOption::WindowScale(s) => out.extend_from_slice(&[3, len, *s]),
            TcpOption::SackPermitted => out.extend_from_slice(&[4, len]),
            TcpOption::Timestamps { val, ecr } => {
                out.extend_from_slice(&[8, len]);
                out.extend_from_slice(&val.to_be_bytes());
                out.extend_from_slice(&ecr.to_be_bytes());
            }
            TcpOption::Sack(blocks) => {
                out.extend_from_slice(&[5, len]);
                for (l, r) in blocks {
                    out.extend_from_slice(&l.to_be_bytes());
                    out.extend_from_slice(&r.to_be_bytes());
                }
            }
            TcpOption::Unknown { kind, data } => {
                out.extend_from_slice(&[*kind, len]);
                out.extend_from_slice(data);
            }
        }
    }
}

fn parse_options(mut d: &[u8]) -> Vec<TcpOption> {
    let mut out = Vec::new();
    while let Some(&kind) = d.first() {
        match kind {
            0 => break,
            1 => {
                out.push(TcpOption::Nop);
                d = &d[1..];
                continue;
            }
            _ => {}
        }
        let len = usize::from(d.get(1).copied().unwrap_or(0));
        if len < 2 || len > d.len() {
            break;
        }
        let body = &d[2..len];
        out.push(match (kind, body.len()) {
            (2, 2) => TcpOption::Mss(be16(body, 0)),
            (3, 1) => TcpOption::WindowScale(body[0]),
            (4, 0) => TcpOption::SackPermitted,
            (5, n) if n > 0 && n % 8 == 0 => TcpOption::Sack(
                body.chunks_exact(8)
                    .map(|b| (be32(b, 0), be32(b, 4)))
                    .collect(),
            ),
            (8, 8) => TcpOption::Timestamps {
                val: be32(body, 0),
                ecr: be32(body, 4),
            },
            _ => TcpOption::Unknown {
                kind,
                data: body.to_vec(),
            },
        });
        d = &d[len..];
    }
    out
}

/// Signed distance from `b` to `a` in sequence space: positive when `a` is newer.
pub fn seq_diff(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(options: Vec<TcpOption>) -> TcpRepr {
        let flags = Flags::ACK | Flags::PSH;
        TcpRepr {
            src_port: 18515,
            dst_port: 40000,
            seq: 0xffff_fff0,
            ack: 7,
            flags,
            window: 512,
            urgent: 0,
            options,
        }
    }

    #[test]
    fn options_round_trip_at_any_alignment() {
        let all = [
            TcpOption::Mss(1460),
            TcpOption::SackPermitted,
            TcpOption::Timestamps { val: 1, ecr: 2 },
            TcpOption::Nop,
            TcpOption::WindowScale(7),
            TcpOption::Unknown {
                kind: 254,
                data: vec![9; 3],
            },
        ];
        for skip in 0..all.len() {
            let r = sample(all[skip..].to_vec());
            let mut out = Vec::new();
            r.emit(&mut out);
            assert_eq!(out.len(), r.header_len());
            assert_eq!(TcpRepr::parse(&out), Ok(r));
            assert!(etherparse::TcpHeaderSlice::from_slice(&out).is_ok());
        }
        let r = sample(vec![
            TcpOption::Nop,
            TcpOption::Nop,
            TcpOption::Sack(vec![(1, 2), (u32::MAX, 4)]),
        ]);
        let mut out = Vec::new();
        r.emit(&mut out);
        assert_eq!(
            TcpRepr::parse(&out).map(|p| p.sack().to_vec()),
            Ok(vec![(1, 2), (u32::MAX, 4)])
        );
    }

    #[test]
    fn tcp_0e_illegal_option_length_ends_the_list() {
        for bad in [0u8, 1, 200] {
            assert_eq!(parse_options(&[1, 254, bad, 0]), vec![TcpOption::Nop]);
        }
        assert_eq!(parse_options(&[8]), vec![]);
    }

    #[test]
    fn tcp_12_shift_above_14_counts_as_14() {
        assert_eq!(
            sample(vec![TcpOption::WindowScale(255)]).window_scale(),
            Some(14)
        );
    }
}
