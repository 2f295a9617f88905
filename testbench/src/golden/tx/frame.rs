//! Frames as the golden endpoint sends them: Ethernet, IPv4 or IPv6, TCP, checksums. Written without `crate::wire`'s emitters.

use crate::wire::frame::Endpoint;
use crate::wire::tcp::Flags;
use std::net::IpAddr;

/// Smallest frame without FCS.
const MIN_FRAME: usize = 60;

/// What all frames of a connection share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTemplate {
    pub src: Endpoint,
    pub dst: Endpoint,
    pub vlan: Option<u16>,
    pub ttl: u8,
    pub dscp: u8,
}

/// What is special to one segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TcpFields {
    pub seq: u32,
    pub ack: u32,
    pub flags: Flags,
    pub window: u16,
    pub timestamps: Option<(u32, u32)>,
    pub sack: Vec<(u32, u32)>,
}

impl TcpFields {
    /// Octets of TCP options.
    pub fn options_len(&self) -> usize {
        let stamps = if self.timestamps.is_some() { 12 } else { 0 };
        stamps + sack_option_len(self.sack.len())
    }
}

/// Octets that so many SACK blocks take, with their two NOPs.
pub fn sack_option_len(blocks: usize) -> usize {
    if blocks == 0 {
        0
    } else {
        4 + 8 * blocks
    }
}

/// One's complement sum of 16-bit words (RFC 1071); an odd octet is the upper half of its word.
fn sum(octets: &[u8]) -> u64 {
    let mut even = 0;
    let mut odd = 0;
    let mut upper = true;
    for o in octets {
        if upper {
            even += u64::from(*o);
        } else {
            odd += u64::from(*o);
        }
        upper = !upper;
    }
    (even << 8) + odd
}

fn fold(mut s: u64) -> u16 {
    while s > 0xffff {
        s = (s >> 16) + (s & 0xffff);
    }
    !(s as u16)
}

fn address(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

impl FrameTemplate {
    pub fn new(src: Endpoint, dst: Endpoint) -> Self {
        FrameTemplate {
            src,
            dst,
            vlan: None,
            ttl: 64,
            dscp: 0,
        }
    }

    /// The frame, padded with zeros to 60 octets, without FCS.
    pub fn frame(&self, t: &TcpFields, payload: &[u8]) -> Vec<u8> {
        let tcp = self.segment(t, payload);
        let mut f = Vec::with_capacity(60 + tcp.len());
        f.extend_from_slice(&self.dst.mac.0);
        f.extend_from_slice(&self.src.mac.0);
        if let Some(v) = self.vlan {
            f.extend_from_slice(&[0x81, 0x00]);
            f.extend_from_slice(&v.to_be_bytes());
        }
        let (src, dst) = (address(self.src.ip), address(self.dst.ip));
        if src.len() == 4 {
            f.extend_from_slice(&[0x08, 0x00]);
            let mut ip = vec![0x45, self.dscp << 2];
            ip.extend_from_slice(&((20 + tcp.len()) as u16).to_be_bytes());
            // Never a fragment, so the identification says nothing (RFC 6864): zero, DF set.
            ip.extend_from_slice(&[0, 0, 0x40, 0, self.ttl, 6, 0, 0]);
            ip.extend_from_slice(&src);
            ip.extend_from_slice(&dst);
            let check = fold(sum(&ip));
            ip[10..12].copy_from_slice(&check.to_be_bytes());
            f.extend(ip);
        } else {
            f.extend_from_slice(&[0x86, 0xdd]);
            f.extend_from_slice(&[0x60 | (self.dscp >> 2), self.dscp << 6, 0, 0]);
            f.extend_from_slice(&(tcp.len() as u16).to_be_bytes());
            f.extend_from_slice(&[6, self.ttl]);
            f.extend_from_slice(&src);
            f.extend_from_slice(&dst);
        }
        f.extend(tcp);
        f.resize(f.len().max(MIN_FRAME), 0);
        f
    }

    fn segment(&self, t: &TcpFields, payload: &[u8]) -> Vec<u8> {
        let header = 20 + t.options_len();
        let mut s = Vec::with_capacity(header + payload.len());
        s.extend_from_slice(&self.src.port.to_be_bytes());
        s.extend_from_slice(&self.dst.port.to_be_bytes());
        s.extend_from_slice(&t.seq.to_be_bytes());
        s.extend_from_slice(&t.ack.to_be_bytes());
        s.extend_from_slice(&[((header / 4) << 4) as u8, t.flags.0 as u8]);
        s.extend_from_slice(&t.window.to_be_bytes());
        s.extend_from_slice(&[0, 0, 0, 0]);
        if let Some((val, ecr)) = t.timestamps {
            s.extend_from_slice(&[1, 1, 8, 10]);
            s.extend_from_slice(&val.to_be_bytes());
            s.extend_from_slice(&ecr.to_be_bytes());
        }
        if !t.sack.is_empty() {
            s.extend_from_slice(&[1, 1, 5, (2 + 8 * t.sack.len()) as u8]);
            for (left, right) in &t.sack {
                s.extend_from_slice(&left.to_be_bytes());
                s.extend_from_slice(&right.to_be_bytes());
            }
        }
        s.extend_from_slice(payload);
        let pseudo = sum(&address(self.src.ip)) + sum(&address(self.dst.ip)) + 6 + s.len() as u64;
        let check = fold(pseudo + sum(&s));
        s[16..18].copy_from_slice(&check.to_be_bytes());
        s
    }
}
