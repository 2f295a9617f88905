//! The Internet checksum (RFC 1071) and the TCP pseudo header over IPv4 (RFC 9293 3.1) and IPv6 (RFC 8200 8.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Adds `data` (padded with one zero octet if odd) to the running sum `acc`.
pub fn add(acc: u32, data: &[u8]) -> u32 {
    let mut sum = u64::from(acc);
    let mut words = data.chunks_exact(2);
    for w in &mut words {
        sum += u64::from(u16::from_be_bytes([w[0], w[1]]));
    }
    if let [last] = words.remainder() {
        sum += u64::from(*last) << 8;
    }
    u32::from(fold64(sum))
}

fn fold64(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Folds a running sum to 16 bits, without the final complement.
pub fn fold(sum: u32) -> u16 {
    fold64(u64::from(sum))
}

/// Checksum field value for `data` whose checksum field is zero. Zero over octets that hold a correct checksum.
pub fn checksum(data: &[u8]) -> u16 {
    !fold(add(0, data))
}

/// Running sum of the TCP pseudo header.
pub fn pseudo_ipv4(src: Ipv4Addr, dst: Ipv4Addr, tcp_len: usize) -> u32 {
    let sum = add(add(0, &src.octets()), &dst.octets());
    sum + 6 + (tcp_len as u32 & 0xffff) + (tcp_len as u32 >> 16)
}

/// As `pseudo_ipv4` for IPv6: addresses, upper-layer length in 32 bits, zeros, next header 6.
pub fn pseudo_ipv6(src: Ipv6Addr, dst: Ipv6Addr, tcp_len: usize) -> u32 {
    let mut header = Vec::with_capacity(40);
    header.extend_from_slice(&src.octets());
    header.extend_from_slice(&dst.octets());
    header.extend_from_slice(&(tcp_len as u32).to_be_bytes());
    header.extend_from_slice(&[0, 0, 0, 6]);
    add(0, &header)
}

/// Running sum of the TCP pseudo header of the addresses' version; of two versions there is none: 0.
pub fn pseudo(src: IpAddr, dst: IpAddr, tcp_len: usize) -> u32 {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => pseudo_ipv4(src, dst, tcp_len),
        (IpAddr::V6(src), IpAddr::V6(dst)) => pseudo_ipv6(src, dst, tcp_len),
        _ => 0,
    }
}

/// TCP checksum field value for a segment (header and payload) whose checksum field is zero;
/// zero over a segment with a correct one.
pub fn tcp(src: IpAddr, dst: IpAddr, segment: &[u8]) -> u16 {
    !fold(add(pseudo(src, dst, segment.len()), segment))
}

/// As `tcp`, over IPv4.
pub fn tcp_ipv4(src: Ipv4Addr, dst: Ipv4Addr, segment: &[u8]) -> u16 {
    !fold(add(pseudo_ipv4(src, dst, segment.len()), segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc1071_example() {
        assert_eq!(
            fold(add(0, &[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])),
            0xddf2
        );
    }

    #[test]
    fn odd_length_is_padded_behind() {
        assert_eq!(
            checksum(&[0x12, 0x34, 0x56]),
            checksum(&[0x12, 0x34, 0x56, 0x00])
        );
        assert_ne!(
            checksum(&[0x12, 0x34, 0x56]),
            checksum(&[0x12, 0x34, 0x00, 0x56])
        );
    }
}
