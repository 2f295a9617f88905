//! IPv6 fixed header (RFC 8200 3). Extension headers are payload here.

use super::{be16, be32, need, WireError};
use std::net::Ipv6Addr;

pub const HEADER_LEN: usize = 40;

/// Next header values that name an extension header: hop-by-hop, routing, fragment, authentication, destination options,
/// mobility, HIP, shim6 (RFC 7045 4). ESP is none: behind it nothing can be read.
pub const EXTENSION_HEADERS: [u8; 8] = [0, 43, 44, 51, 60, 135, 139, 140];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ipv6Repr {
    pub src: Ipv6Addr,
    pub dst: Ipv6Addr,
    /// DSCP (6 bits) and ECN (2 bits).
    pub traffic_class: u8,
    /// 20 bits.
    pub flow_label: u32,
    pub next_header: u8,
    pub hop_limit: u8,
    /// Payload length field as read; `emit` writes this value.
    pub payload_len: u16,
}

impl Ipv6Repr {
    /// A plain header: traffic class and flow label 0, hop limit 64.
    pub fn new(src: Ipv6Addr, dst: Ipv6Addr, next_header: u8, payload_len: usize) -> Self {
        Ipv6Repr {
            src,
            dst,
            traffic_class: 0,
            flow_label: 0,
            next_header,
            hop_limit: 64,
            payload_len: payload_len as u16,
        }
    }

    /// Parses the header. The payload length is not judged.
    pub fn parse(data: &[u8]) -> Result<Self, WireError> {
        let h = need("IPv6 header", data, HEADER_LEN)?;
        if h[0] >> 4 != 6 {
            return Err(WireError::Malformed {
                what: "IPv6 header",
                field: "version",
                value: u64::from(h[0] >> 4),
            });
        }
        let word = be32(h, 0);
        let address = |at: usize| {
            let mut octets = [0; 16];
            octets.copy_from_slice(&h[at..at + 16]);
            Ipv6Addr::from(octets)
        };
        Ok(Ipv6Repr {
            src: address(8),
            dst: address(24),
            traffic_class: (word >> 20) as u8,
            flow_label: word & 0xf_ffff,
            next_header: h[6],
            hop_limit: h[7],
            payload_len: be16(h, 4),
        })
    }

    /// Appends the header to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let word = 6 << 28 | u32::from(self.traffic_class) << 20 | (self.flow_label & 0xf_ffff);
        out.extend_from_slice(&word.to_be_bytes());
        out.extend_from_slice(&self.payload_len.to_be_bytes());
        out.extend_from_slice(&[self.next_header, self.hop_limit]);
        out.extend_from_slice(&self.src.octets());
        out.extend_from_slice(&self.dst.octets());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_second_opinion() {
        let r = Ipv6Repr {
            traffic_class: 0x2e,
            flow_label: 0xa_bcde,
            ..Ipv6Repr::new(
                Ipv6Addr::new(0xfe80, 1, 2, 3, 4, 5, 6, 7),
                Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
                6,
                1234,
            )
        };
        let mut out = Vec::new();
        r.emit(&mut out);
        assert_eq!(Ipv6Repr::parse(&out), Ok(r.clone()));
        let e = etherparse::Ipv6HeaderSlice::from_slice(&out).expect("etherparse");
        assert_eq!(
            (e.source_addr(), e.destination_addr(), e.payload_length()),
            (r.src, r.dst, 1234)
        );
        assert_eq!(e.traffic_class(), 0x2e);
        assert_eq!(e.flow_label().value(), 0xa_bcde);
    }

    #[test]
    fn short_and_of_another_version() {
        assert!(matches!(
            Ipv6Repr::parse(&[0x60; 39]),
            Err(WireError::Truncated { need: 40, .. })
        ));
        assert!(matches!(
            Ipv6Repr::parse(&[0x45; 40]),
            Err(WireError::Malformed {
                field: "version",
                ..
            })
        ));
    }
}
