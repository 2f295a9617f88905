//! Ethernet II header with at most one 802.1Q tag.

use super::{be16, need, WireError};

pub const ETHERTYPE_IPV4: u16 = 0x0800;
pub const ETHERTYPE_IPV6: u16 = 0x86dd;
pub const ETHERTYPE_VLAN: u16 = 0x8100;
/// 802.1ad service tag: the outer one of two, as a rule.
pub const ETHERTYPE_QINQ: u16 = 0x88a8;

/// A MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mac(pub [u8; 6]);

impl std::fmt::Display for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let o = self.0;
        write!(
            f,
            "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}",
            o[0], o[1], o[2], o[3], o[4], o[5]
        )
    }
}

/// An 802.1Q tag: priority 3 bits, drop eligible, identifier 12 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vlan {
    pub pcp: u8,
    pub dei: bool,
    pub vid: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EthernetRepr {
    pub dst: Mac,
    pub src: Mac,
    pub vlan: Option<Vlan>,
    /// EtherType of the payload, behind the tag if there is one.
    pub ethertype: u16,
}

impl EthernetRepr {
    /// Header octets: 14, or 18 with a tag.
    pub fn header_len(&self) -> usize {
        if self.vlan.is_some() {
            18
        } else {
            14
        }
    }

    pub fn parse(data: &[u8]) -> Result<Self, WireError> {
        let h = need("Ethernet header", data, 14)?;
        let dst = Mac([h[0], h[1], h[2], h[3], h[4], h[5]]);
        let src = Mac([h[6], h[7], h[8], h[9], h[10], h[11]]);
        let ethertype = be16(h, 12);
        if ethertype != ETHERTYPE_VLAN {
            return Ok(EthernetRepr {
                dst,
                src,
                vlan: None,
                ethertype,
            });
        }
        let h = need("802.1Q tag", data, 18)?;
        let tci = be16(h, 14);
        let vlan = Vlan {
            pcp: (tci >> 13) as u8,
            dei: tci & 0x1000 != 0,
            vid: tci & 0xfff,
        };
        Ok(EthernetRepr {
            dst,
            src,
            vlan: Some(vlan),
            ethertype: be16(h, 16),
        })
    }

    /// Appends the header to `out`.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.dst.0);
        out.extend_from_slice(&self.src.0);
        if let Some(v) = self.vlan {
            out.extend_from_slice(&ETHERTYPE_VLAN.to_be_bytes());
            let tci = (u16::from(v.pcp & 7) << 13) | (u16::from(v.dei) << 12) | (v.vid & 0xfff);
            out.extend_from_slice(&tci.to_be_bytes());
        }
        out.extend_from_slice(&self.ethertype.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_tagged_round_trip() {
        let vlan = Some(Vlan {
            pcp: 5,
            dei: true,
            vid: 0xabc,
        });
        for vlan in [None, vlan] {
            let r = EthernetRepr {
                dst: Mac([1, 2, 3, 4, 5, 6]),
                src: Mac([2, 0, 0, 0, 0, 9]),
                vlan,
                ethertype: ETHERTYPE_IPV4,
            };
            let mut out = Vec::new();
            r.emit(&mut out);
            assert_eq!(out.len(), r.header_len());
            assert_eq!(EthernetRepr::parse(&out), Ok(r));
            assert!(EthernetRepr::parse(&out[..out.len() - 1]).is_err());
        }
    }
}
