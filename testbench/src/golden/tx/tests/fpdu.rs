//! FPDUs against the vectors, the tables of the MULPDU, and the receive half.

use crate::build::counted;
use crate::golden::tx::fpdu::*;
use crate::golden::tx::octets::{crc32c, mulpdu, Framing};
use crate::vectors::{from_hex, load};
use crate::wire::ddp::{Term, TerminateRepr};

fn vector(name: &str) -> Vec<u8> {
    let all = load().expect("vectors");
    let v = all.iter().find(|v| v.name == name).expect(name);
    v.bytes().expect(name)
}

fn config() -> MakerConfig {
    MakerConfig::default()
}

/// One operation made first on its queues with the MSN that the vector has.
fn made(cfg: MakerConfig, operation: Operation, payload: &[u8]) -> Vec<Vec<u8>> {
    let mut m = FpduMaker::new(cfg);
    let all = m.make(Origin::Sq(0), operation, payload);
    all.into_iter().map(|f| f.octets).collect()
}

fn send(solicited: bool, invalidate: Option<u32>) -> Operation {
    Operation::Send {
        solicited,
        invalidate,
    }
}

#[test]
fn mpa_70_71_crc_of_the_check_string() {
    assert_eq!(crc32c(&[b"12345", b"6789"]), [0x83, 0x92, 0x06, 0xe3]);
}

/// The octets behind the header of a vector, its MSN and its STag: what a test must give to make it again.
fn payload(name: &str, header: usize) -> Vec<u8> {
    let all = load().expect("vectors");
    let v = all.iter().find(|v| v.name == name).expect(name);
    from_hex(v.ulpdu_hex.as_deref().expect(name)).expect(name)[header..].to_vec()
}

fn word(name: &str, at: usize) -> u32 {
    let v = vector(name);
    u32::from_be_bytes([v[at], v[at + 1], v[at + 2], v[at + 3]])
}

#[test]
fn mpa_67_rdm_40_every_message_kind_equals_its_vector() {
    let msn = |n: u32| MakerConfig {
        first_msn: [n; 4],
        ..config()
    };
    let sends = [
        ("SEND-11", send(false, None)),
        ("SENDSE-0", send(true, None)),
        ("SENDINV", send(false, Some(0x0bad_c0de))),
        ("SENDSEINV", send(true, Some(word("SENDSEINV", 4)))),
        ("RTR-SEND0", send(false, None)),
    ];
    for (name, op) in sends {
        let cfg = msn(word(name, 12));
        let got = made(cfg, op, &payload(name, 18));
        assert_eq!(got, [vector(name)], "{name}");
    }
    let read = |name: &str| {
        let r = payload(name, 18);
        let at = |i: usize| u32::from_be_bytes([r[i], r[i + 1], r[i + 2], r[i + 3]]);
        let wide = |i: usize| (u64::from(at(i)) << 32) | u64::from(at(i + 4));
        Operation::ReadRequest(ReadRequest {
            sink_stag: at(0),
            sink_to: wide(4),
            len: at(12),
            source_stag: at(16),
            source_to: wide(20),
        })
    };
    for name in ["READREQ", "RTR-READ0"] {
        let got = made(msn(word(name, 12)), read(name), &[]);
        assert_eq!(got, [vector(name)], "{name}");
    }
    let to = |name: &str| (u64::from(word(name, 8)) << 32) | u64::from(word(name, 12));
    for name in ["WRITE-8", "RTR-WRITE0"] {
        let (stag, to) = (word(name, 4), to(name));
        let got = made(config(), Operation::Write { stag, to }, &payload(name, 14));
        assert_eq!(got, [vector(name)], "{name}");
    }
    for name in ["READRSP-last", "RTR-READRSP0"] {
        let (stag, to) = (word(name, 4), to(name));
        let got = made(
            config(),
            Operation::ReadResponse { stag, to },
            &payload(name, 14),
        );
        assert_eq!(got, [vector(name)], "{name}");
    }
    for (name, solicited) in [("IMM", false), ("IMMSE", true)] {
        let data = payload(name, 18).try_into().expect("eight octets");
        let got = made(
            msn(word(name, 12)),
            Operation::Immediate { solicited, data },
            &[],
        );
        assert_eq!(got, [vector(name)], "{name}");
    }
}

#[test]
fn ext_06_0f_atomics_equal_their_vectors() {
    let msn = |name: &str| MakerConfig {
        first_msn: [word(name, 12); 4],
        ..config()
    };
    let b = |name: &str, i: usize| {
        let v = vector(name);
        u64::from_be_bytes(v[i..i + 8].try_into().expect("eight"))
    };
    for name in ["ATOMIC-FA", "ATOMIC-CAS"] {
        let kind = if name == "ATOMIC-FA" {
            AtomicKind::FetchAdd {
                add: b(name, 40),
                mask: b(name, 48),
            }
        } else {
            AtomicKind::CompareSwap {
                compare: b(name, 56),
                compare_mask: b(name, 64),
                swap: b(name, 40),
                swap_mask: b(name, 48),
            }
        };
        let a = AtomicRequest {
            request_id: word(name, 24),
            stag: word(name, 28),
            to: b(name, 32),
            kind,
        };
        assert_eq!(
            made(msn(name), Operation::Atomic(a), &[]),
            [vector(name)],
            "{name}"
        );
    }
    let name = "ATOMIC-RSP";
    let op = Operation::AtomicResponse {
        request_id: word(name, 20),
        original: b(name, 24),
    };
    assert_eq!(made(msn(name), op, &[]), [vector(name)]);
}

#[test]
fn rdm_50_51_53_54_terminates_equal_their_vectors() {
    for name in [
        "TERM-readacc",
        "TERM-wrbounds",
        "TERM-toolong",
        "TERM-crc",
        "TERM-ird",
        "TERM-rtr",
    ] {
        let b = payload(name, 18);
        let ddp = (b[2] & 0x40 != 0).then(|| {
            let n = if b[6] & 0x80 != 0 { 14 } else { 18 };
            (u16::from_be_bytes([b[4], b[5]]), b[6..6 + n].to_vec())
        });
        let rdma = (b[2] & 0x20 != 0).then(|| b[24..].to_vec());
        let t = TerminateRepr {
            term: Term::new(b[0], b[1]),
            length_valid: b[2] & 0x80 != 0,
            reserved: 0,
            ddp,
            rdma,
        };
        assert_eq!(
            made(config(), Operation::Terminate(t), &[]),
            [vector(name)],
            "{name}"
        );
    }
}

#[test]
fn ddp_02_0f_10_long_messages_are_cut_at_the_mulpdu() {
    let whole = [payload("SEND-frag-0", 18), payload("SEND-frag-1", 18)].concat();
    let cfg = MakerConfig {
        mulpdu: 18 + 32,
        first_msn: [word("SEND-frag-0", 12); 4],
        ..config()
    };
    let got = made(cfg, send(false, None), &whole);
    assert_eq!(got, [vector("SEND-frag-0"), vector("SEND-frag-1")]);
    let name = "READRSP-seg";
    let first = payload(name, 14);
    let cfg = MakerConfig {
        mulpdu: 14 + first.len(),
        ..config()
    };
    let op = Operation::ReadResponse {
        stag: word(name, 4),
        to: (u64::from(word(name, 8)) << 32) | u64::from(word(name, 12)),
    };
    let got = made(cfg, op, &[first, vec![0x5a]].concat());
    assert_eq!(got[0], vector(name));
    assert_eq!(got.len(), 2);
}

#[test]
fn mpa_6b_6c_markers_equal_the_vectors() {
    for name in [
        "RFC5044-Fig5",
        "RFC5044-Fig6",
        "MK-gap",
        "MK-padcrc",
        "MK-after-len",
        "MK-two",
        "MK-mid2",
    ] {
        let all = load().expect("vectors");
        let v = all.iter().find(|v| v.name == name).expect(name);
        let ulpdu = from_hex(v.ulpdu_hex.as_deref().expect(name)).expect(name);
        let framing = Framing {
            crc: true,
            markers: true,
        };
        let got = crate::golden::tx::octets::frame_ulpdu(&ulpdu, v.off, framing);
        assert_eq!(got, vector(name), "{name}");
    }
    // Whole streams, where each FPDU begins where the one before it ended.
    for name in ["STREAM-markers", "STREAM-padcrc", "STREAM-gap"] {
        let want = vector(name);
        let mut at = 0;
        let mut got = Vec::new();
        while at < want.len() {
            let parsed = crate::wire::mpa::parse_fpdu(&want[at..], Some(at as u32)).expect(name);
            let framing = Framing {
                crc: true,
                markers: true,
            };
            got.extend(crate::golden::tx::octets::frame_ulpdu(
                &parsed.ulpdu,
                at as u32,
                framing,
            ));
            at += parsed.wire_len;
        }
        assert!(got == want, "{name}");
    }
}

#[test]
fn mpa_45_46_47_mulpdu_as_in_the_table() {
    let table = [
        (536, 522, 530),
        (1220, 1202, 1214),
        (1428, 1410, 1422),
        (1440, 1422, 1434),
        (1448, 1430, 1442),
        (1460, 1442, 1454),
        (4052, 4014, 4046),
        (8948, 8870, 8942),
        (8960, 8882, 8954),
        (88, 128, 128),
    ];
    for (emss, with, without) in table {
        assert_eq!(
            (mulpdu(emss, true), mulpdu(emss, false)),
            (with, without),
            "{emss}"
        );
    }
}

/// Whatever the position in the stream: an FPDU of the MULPDU fits the segment, and the receiver gets it back.
#[test]
fn mpa_41_49_50_fpdus_of_the_mulpdu_fit_their_segment() {
    for emss in [536usize, 1446, 1447, 1448, 1449, 1460] {
        for markers in [false, true] {
            let n = mulpdu(emss, markers);
            let cfg = MakerConfig {
                mulpdu: n,
                framing: Framing { crc: true, markers },
                ..config()
            };
            let mut m = FpduMaker::new(cfg);
            let op = Operation::Write { stag: 1, to: 0 };
            let all = m.make(Origin::Sq(0), op, &counted(50_000));
            let mut pos = 0;
            for f in &all {
                assert!(f.octets.len() <= emss, "{emss} {markers}");
                assert_eq!((f.record.pos, f.record.len as usize), (pos, f.octets.len()));
                pos += f.octets.len() as u64;
            }
            assert!(all.len() * n >= 50_000 && all.len() * (n - 14) < 50_000 + n);
        }
    }
}
