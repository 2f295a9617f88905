//! The IP header of a frame, of either version.

use super::ethernet::{ETHERTYPE_IPV4, ETHERTYPE_IPV6};
use super::ipv4::Ipv4Repr;
use super::ipv6::{self, Ipv6Repr};
use std::net::IpAddr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IpRepr {
    V4(Ipv4Repr),
    V6(Ipv6Repr),
}

impl IpRepr {
    /// A plain header. Of addresses of two kinds the IPv4 one is mapped (RFC 4291 2.5.5.2).
    pub fn new(src: IpAddr, dst: IpAddr, protocol: u8) -> Self {
        if let (IpAddr::V4(src), IpAddr::V4(dst)) = (src, dst) {
            return IpRepr::V4(Ipv4Repr::new(src, dst, protocol, 0));
        }
        let six = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        IpRepr::V6(Ipv6Repr::new(six(src), six(dst), protocol, 0))
    }

    pub fn src(&self) -> IpAddr {
        match self {
            IpRepr::V4(h) => h.src.into(),
            IpRepr::V6(h) => h.src.into(),
        }
    }

    pub fn dst(&self) -> IpAddr {
        match self {
            IpRepr::V4(h) => h.dst.into(),
            IpRepr::V6(h) => h.dst.into(),
        }
    }

    pub fn ethertype(&self) -> u16 {
        match self {
            IpRepr::V4(_) => ETHERTYPE_IPV4,
            IpRepr::V6(_) => ETHERTYPE_IPV6,
        }
    }

    pub fn header_len(&self) -> usize {
        match self {
            IpRepr::V4(h) => h.header_len(),
            IpRepr::V6(_) => ipv6::HEADER_LEN,
        }
    }

    /// TOS or traffic class.
    pub fn set_tos(&mut self, tos: u8) {
        match self {
            IpRepr::V4(h) => h.tos = tos,
            IpRepr::V6(h) => h.traffic_class = tos,
        }
    }

    /// Sets the length field for `octets` behind the header.
    pub fn set_payload_len(&mut self, octets: usize) {
        match self {
            IpRepr::V4(h) => h.total_len = (h.header_len() + octets) as u16,
            IpRepr::V6(h) => h.payload_len = octets as u16,
        }
    }

    /// The identification of a later part of a split packet: IPv6 has none.
    pub fn count_on(&mut self, parts: u16) {
        if let IpRepr::V4(h) = self {
            h.ident = h.ident.wrapping_add(parts);
        }
    }

    /// Appends the header to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        match self {
            IpRepr::V4(h) => h.emit(out),
            IpRepr::V6(h) => h.emit(out),
        }
    }
}
