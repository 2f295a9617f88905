//! The Internet checksum (RFC 1071) and the TCP pseudo header over IPv4 (RFC 9293 3.1).

use std::net::Ipv4Addr;

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

/// TCP checksum field value for a segment (header and payload) whose checksum field is zero;
/// zero over a segment with a correct one.
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
