//! IPv4 header (RFC 791). Options are kept as octets.

use super::{be16, checksum, need, WireError};
use std::net::Ipv4Addr;

pub const PROTO_TCP: u8 = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ipv4Repr {
    pub src: Ipv4Addr,
    pub dst: Ipv4Addr,
    /// DSCP (6 bits) and ECN (2 bits) as one octet.
    pub tos: u8,
    pub ident: u16,
    pub dont_fragment: bool,
    pub more_fragments: bool,
    /// In units of 8 octets.
    pub fragment_offset: u16,
    pub ttl: u8,
    pub protocol: u8,
    /// Option octets, a multiple of 4.
    pub options: Vec<u8>,
    /// Total length field as read; `emit` writes this value. Zero in captures of super-frames over 64 KiB.
    pub total_len: u16,
}

impl Ipv4Repr {
    /// A plain header: DF, TTL 64, no options, total length for `payload_len` octets.
    pub fn new(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, payload_len: usize) -> Self {
        Ipv4Repr {
            src,
            dst,
            tos: 0,
            ident: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            ttl: 64,
            protocol,
            options: Vec::new(),
            total_len: (20 + payload_len) as u16,
        }
    }

    pub fn header_len(&self) -> usize {
        20 + self.options.len()
    }

    pub fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset != 0
    }

    /// Parses the header. Neither the checksum nor the total length is judged: a capture may hold unfinished ones.
    pub fn parse(data: &[u8]) -> Result<Self, WireError> {
        let h = need("IPv4 header", data, 20)?;
        if h[0] >> 4 != 4 {
            return Err(WireError::Malformed {
                what: "IPv4 header",
                field: "version",
                value: u64::from(h[0] >> 4),
            });
        }
        let ihl = usize::from(h[0] & 0xf) * 4;
        if ihl < 20 {
            return Err(WireError::Malformed {
                what: "IPv4 header",
                field: "IHL",
                value: (ihl / 4) as u64,
            });
        }
        let h = need("IPv4 options", data, ihl)?;
        let frag = be16(h, 6);
        Ok(Ipv4Repr {
            src: Ipv4Addr::new(h[12], h[13], h[14], h[15]),
            dst: Ipv4Addr::new(h[16], h[17], h[18], h[19]),
            tos: h[1],
            ident: be16(h, 4),
            dont_fragment: frag & 0x4000 != 0,
            more_fragments: frag & 0x2000 != 0,
            fragment_offset: frag & 0x1fff,
            ttl: h[8],
            protocol: h[9],
            options: h[20..].to_vec(),
            total_len: be16(h, 2),
        })
    }

    /// Appends the header, checksum filled in, to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(0x40 | (self.header_len() / 4) as u8);
        out.push(self.tos);
        out.extend_from_slice(&self.total_len.to_be_bytes());
        out.extend_from_slice(&self.ident.to_be_bytes());
        let frag = (u16::from(self.dont_fragment) << 14)
            | (u16::from(self.more_fragments) << 13)
            | (self.fragment_offset & 0x1fff);
        out.extend_from_slice(&frag.to_be_bytes());
        out.extend_from_slice(&[self.ttl, self.protocol, 0, 0]);
        out.extend_from_slice(&self.src.octets());
        out.extend_from_slice(&self.dst.octets());
        out.extend_from_slice(&self.options);
        let sum = checksum::checksum(&out[start..]);
        out[start + 10..start + 12].copy_from_slice(&sum.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_with_options_and_good_checksum() {
        let mut r = Ipv4Repr::new(
            Ipv4Addr::new(10, 0, 0, 1),
            Ipv4Addr::new(10, 0, 0, 2),
            PROTO_TCP,
            100,
        );
        r.options = vec![1, 1, 1, 0];
        r.tos = 0x2e;
        r.ident = 77;
        let mut out = Vec::new();
        r.emit(&mut out);
        assert_eq!(checksum::checksum(&out), 0);
        assert_eq!(Ipv4Repr::parse(&out), Ok(r));
        assert!(etherparse::Ipv4HeaderSlice::from_slice(&out).is_ok());
    }

    #[test]
    fn bad_version_and_ihl_are_named() {
        let mut d = [0u8; 20];
        d[0] = 0x65;
        assert!(matches!(
            Ipv4Repr::parse(&d),
            Err(WireError::Malformed {
                field: "version",
                ..
            })
        ));
        d[0] = 0x44;
        assert!(matches!(
            Ipv4Repr::parse(&d),
            Err(WireError::Malformed { field: "IHL", .. })
        ));
        d[0] = 0x46;
        assert!(matches!(
            Ipv4Repr::parse(&d),
            Err(WireError::Truncated {
                need: 24,
                have: 20,
                ..
            })
        ));
    }
}
