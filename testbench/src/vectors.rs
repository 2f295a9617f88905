//! The byte-exact protocol vectors of `testbench/data`: FPDUs, startup frames and streams, with the fields that
//! another implementation computed for them. The RFC 5044 Figures 5 and 6 are among them.

use serde::Deserialize;
use thiserror::Error;

/// One vector.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Vector {
    pub name: String,
    /// The octets as hexadecimal digits.
    pub hex: String,
    pub octets: usize,
    pub note: String,
    /// FPDUs and streams only: Markers are in.
    pub markers: Option<bool>,
    /// Distance of the first octet from SeqStart.
    #[serde(default)]
    pub off: u32,
    /// Single FPDUs only.
    pub ulpdu_hex: Option<String>,
    pub ulpdu_length: Option<usize>,
    pub crc_wire: Option<String>,
}

#[derive(Debug, Error)]
pub enum VectorError {
    #[error("vectors.json can't be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("vector {name}: {what}")]
    Bad { name: String, what: &'static str },
}

/// The octets of a hexadecimal string.
pub fn from_hex(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || hex.len() % 2 != 0 {
        return None;
    }
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok())
        .collect()
}

impl Vector {
    pub fn bytes(&self) -> Result<Vec<u8>, VectorError> {
        let bad = |what| VectorError::Bad {
            name: self.name.clone(),
            what,
        };
        let b = from_hex(&self.hex).ok_or_else(|| bad("odd or no hexadecimal digits"))?;
        if b.len() != self.octets {
            return Err(bad("length differs from its octets field"));
        }
        Ok(b)
    }
}

/// All vectors.
pub fn load() -> Result<Vec<Vector>, VectorError> {
    Ok(serde_json::from_str(include_str!("../data/vectors.json"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{extract, read_bytes, Side};
    use crate::golden::deframer::{Deframer, Framed};
    use crate::wire::ddp::{
        AtomicRequestRepr, AtomicResponseRepr, Buffer, DdpRepr, Opcode, ReadRequestRepr, Term,
        TerminateRepr,
    };
    use crate::wire::mpa::{emit_fpdu, parse_fpdu, FpduOptions, StartupKind, StartupRepr};

    fn vectors() -> Vec<Vector> {
        load().expect("vectors")
    }

    fn get(name: &str) -> Vec<u8> {
        vectors()
            .into_iter()
            .find(|v| v.name == name)
            .and_then(|v| v.bytes().ok())
            .expect(name)
    }

    #[test]
    fn mpa_67_68_6a_6b_70_72_every_fpdu_parses_and_is_built_again() {
        let mut n = 0;
        for v in vectors() {
            let (Some(markers), Some(ulpdu), Some(crc)) = (v.markers, &v.ulpdu_hex, &v.crc_wire)
            else {
                continue;
            };
            let b = v.bytes().expect("octets");
            let offset = markers.then_some(v.off);
            let p = parse_fpdu(&b, offset).expect("whole");
            assert!(
                p.crc_ok() && p.markers_ok && p.wire_len == b.len(),
                "{}",
                v.name
            );
            assert_eq!(Some(&p.ulpdu), from_hex(ulpdu).as_ref(), "{}", v.name);
            assert_eq!(Some(p.ulpdu.len()), v.ulpdu_length, "{}", v.name);
            assert_eq!(Some(p.crc_sent.to_vec()), from_hex(crc), "{}", v.name);
            assert_eq!(
                emit_fpdu(
                    &p.ulpdu,
                    &FpduOptions {
                        offset,
                        ..Default::default()
                    }
                ),
                b,
                "{}",
                v.name
            );
            let ddp = DdpRepr::parse(&p.ulpdu).expect("header");
            assert_eq!(
                ddp.emit(&p.ulpdu[ddp.header_len()..]),
                p.ulpdu,
                "{}",
                v.name
            );
            assert_eq!(
                ddp.control.opcode.is_tagged(),
                ddp.control.tagged,
                "{}",
                v.name
            );
            n += 1;
        }
        assert_eq!(n, 32);
    }

    #[test]
    fn mpa_73_every_bit_of_every_fpdu_is_guarded() {
        for v in vectors() {
            let (Some(markers), Some(_)) = (v.markers, &v.ulpdu_hex) else {
                continue;
            };
            let b = v.bytes().expect("octets");
            let offset = markers.then_some(v.off);
            for bit in 0..b.len() * 8 {
                let mut d = b.clone();
                d[bit / 8] ^= 1 << (bit % 8);
                // A changed length moves the end: then either octets are missing or the CRC is wrong.
                let seen_good = parse_fpdu(&d, offset).is_ok_and(|p| p.crc_ok());
                assert!(!seen_good, "{} bit {bit}", v.name);
            }
        }
    }

    #[test]
    fn mpa_52_streams_deframe() {
        let mut n = 0;
        for v in vectors().iter().filter(|v| v.name.starts_with("STREAM-")) {
            let b = v.bytes().expect("octets");
            for step in [1, 7, 512, b.len()] {
                let mut d = Deframer::new(v.markers == Some(true), 70_000);
                let mut msns = Vec::new();
                for c in b.chunks(step) {
                    d.push(c);
                    while let Some(Framed::Fpdu { fpdu, .. }) = d.next_fpdu() {
                        assert!(fpdu.crc_ok() && fpdu.markers_ok, "{}", v.name);
                        let Ok(DdpRepr {
                            buffer: Buffer::Untagged { msn, .. },
                            ..
                        }) = DdpRepr::parse(&fpdu.ulpdu)
                        else {
                            panic!("{}: not untagged", v.name)
                        };
                        msns.push(msn);
                    }
                }
                let count = if v.name == "STREAM-markers" { 14 } else { 3 };
                assert_eq!(msns, (1..=count).collect::<Vec<_>>(), "{}", v.name);
                assert_eq!(d.pending(), 0);
            }
            n += 1;
        }
        assert_eq!(n, 3);
    }

    #[test]
    fn startup_frames() {
        let names = [
            "MPAREQ-v1",
            "MPAREP-v1",
            "MPAREP-v1-rej",
            "MPAREQ-v2",
            "MPAREP-v2",
            "MPAREQ-v2-noneg",
            "MPAREQ-markers",
        ];
        for name in names {
            let b = get(name);
            let (s, n) = StartupRepr::parse(&b).expect(name);
            assert_eq!((n, s.emit()), (b.len(), b), "{name}");
        }
        let s = |name: &str| StartupRepr::parse(&get(name)).expect(name).0;
        assert!(
            s("MPAREQ-v1").kind == StartupKind::Request
                && s("MPAREQ-v1").ulp_private_data() == b"ping"
        );
        assert!(s("MPAREP-v1-rej").reject && s("MPAREP-v1-rej").private_data == b"no");
        assert!(s("MPAREQ-markers").markers && s("MPAREQ-markers").crc);
        let e = s("MPAREQ-v2").enhanced_data().expect("enhanced");
        assert_eq!(
            (
                e.peer_to_peer,
                e.rtr_send,
                e.ird,
                e.rtr_write,
                e.rtr_read,
                e.ord
            ),
            (true, false, 16, true, true, 8)
        );
        assert_eq!(e.to_octets().as_slice(), &s("MPAREQ-v2").private_data[..4]);
        assert_eq!(s("MPAREQ-v2").ulp_private_data(), b"ping");
        let e = s("MPAREQ-v2-noneg").enhanced_data().expect("enhanced");
        assert_eq!(
            (e.ird, e.ord),
            (
                crate::wire::mpa::NOT_NEGOTIATED,
                crate::wire::mpa::NOT_NEGOTIATED
            )
        );
    }

    fn body(name: &str) -> (DdpRepr, Vec<u8>) {
        let p = parse_fpdu(&get(name), None).expect(name);
        let d = DdpRepr::parse(&p.ulpdu).expect(name);
        (d, p.ulpdu[d.header_len()..].to_vec())
    }

    #[test]
    fn headers_hold_what_the_notes_say() {
        let (d, b) = body("WRITE-8");
        assert_eq!(
            d,
            DdpRepr::tagged(Opcode::Write, true, 0x1234_5678, 0x1_0000_1000)
        );
        assert_eq!(b, [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
        let (d, _) = body("SENDINV");
        assert_eq!(
            d,
            DdpRepr::untagged(Opcode::SendInv, true, 0, 3, 0, 0x0bad_c0de)
        );
        let (_, b) = body("READREQ");
        let r = ReadRequestRepr {
            sink_stag: 0xa101,
            sink_to: 0x7f00_0000_0000_1000,
            size: 4096,
            source_stag: 0xb202,
            source_to: 0x20000,
        };
        assert_eq!((ReadRequestRepr::parse(&b), r.emit()), (Ok(r), b));
        let (_, b) = body("ATOMIC-FA");
        let a = AtomicRequestRepr::parse(&b).expect("atomic");
        assert_eq!(
            (a.aopcode(), a.request_id, a.data, a.compare_mask, a.emit()),
            (0, 0x1001, 5, u64::MAX, b)
        );
        let (_, b) = body("ATOMIC-RSP");
        assert_eq!(
            AtomicResponseRepr::parse(&b).map(|r| (r.original, r.emit())),
            Ok((37, b))
        );
        let terms = [
            ("TERM-readacc", 0x01, 0x02, Some(18), true),
            ("TERM-wrbounds", 0x11, 0x01, Some(14), false),
            ("TERM-toolong", 0x12, 0x05, Some(18), false),
            ("TERM-crc", 0x20, 0x02, None, false),
            ("TERM-ird", 0x20, 0x06, None, false),
            ("TERM-rtr", 0x20, 0x07, None, false),
        ];
        for (name, layer, code, header, rdma) in terms {
            let (d, b) = body(name);
            assert_eq!(
                d,
                DdpRepr::untagged(Opcode::Terminate, true, 2, 1, 0, 0),
                "{name}"
            );
            let t = TerminateRepr::parse(&b).expect(name);
            assert_eq!(
                (t.term, t.ddp.as_ref().map(|d| d.1.len()), t.rdma.is_some()),
                (Term::new(layer, code), header, rdma),
                "{name}"
            );
            assert_eq!(t.emit(), b, "{name}");
        }
    }

    #[test]
    fn vectors_pcap_holds_five_connections() {
        let c = read_bytes("vectors.pcap", include_bytes!("../data/vectors.pcap")).expect("pcap");
        let flows = extract(&c);
        assert_eq!((flows.connections.len(), flows.skipped.len()), (5, 0));
        let counts: Vec<usize> = flows
            .connections
            .iter()
            .map(|c| c.fpdus(Side::Client).len() + c.fpdus(Side::Server).len())
            .collect();
        assert_eq!(counts, [16, 5, 5, 3, 3]);
        for c in &flows.connections {
            for side in [Side::Client, Side::Server] {
                assert!(c
                    .fpdus(side)
                    .iter()
                    .all(|f| f.fpdu.crc_ok() && f.fpdu.markers_ok));
            }
        }
        assert!(
            flows.connections[2].markers_from(Side::Client)
                && flows.connections[2].markers_from(Side::Server)
        );
    }
}
