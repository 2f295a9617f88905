//! Work requests, completions and doorbells: packed as `docs/queues.md` says, which is what the schema renders to.

use ferrowarp_abi::code::{cqe_flag, wc_status, wqe_op, QUEUE_ENCODINGS};
use ferrowarp_abi::queue::{
    arm, ring, Cqe, Octets, Rqe, Sge, Sqe, WqeError, AEQE_LAYOUT, CEQE_LAYOUT, CQE_LAYOUT, INLINE,
    QUEUE_LAYOUTS, SQE_SGES,
};
use std::collections::BTreeSet;

#[test]
fn queues_page_is_current() {
    let mut page = String::new();
    ferrowarp_abi::render::queues(&mut page).expect("a String takes everything");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/queues.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).expect("docs/queues.md can be written");
    }
    let file = std::fs::read_to_string(path).unwrap_or_default();
    let line = page.lines().zip(file.lines()).position(|(a, b)| a != b);
    let repeat = "BLESS=1 cargo test -p ferrowarp-abi --test queues";
    assert!(
        page == file,
        "docs/queues.md differs from the schema (first at line {line:?}): run {repeat}"
    );
}

#[test]
fn fields_do_not_overlap_and_codes_differ() {
    for l in QUEUE_LAYOUTS {
        let mut used = [0u64; 8];
        let mut names = BTreeSet::new();
        for p in l.places {
            assert!(p.low + p.bits <= 64, "{}.{}", l.name, p.name);
            let mask = (u64::MAX >> (64 - p.bits)) << p.low;
            assert_eq!(used[p.word] & mask, 0, "{}.{}", l.name, p.name);
            used[p.word] |= mask;
            assert!(names.insert(p.name), "{}.{}", l.name, p.name);
        }
    }
    for e in QUEUE_ENCODINGS {
        let values: BTreeSet<_> = e.codes.iter().map(|c| c.value).collect();
        assert_eq!(values.len(), e.codes.len(), "{}", e.name);
        assert!(e.codes.iter().all(|c| u64::from(c.value) < 1 << e.bits));
    }
    // What the chip writes is new when the last bit of its last word says so.
    for (l, words) in [(CQE_LAYOUT, 4), (CEQE_LAYOUT, 2), (AEQE_LAYOUT, 4)] {
        let phase = l.places.iter().find(|p| p.name == "phase");
        assert_eq!(phase.map(|p| (p.word, p.low)), Some((words - 1, 63)));
        assert!(l.places.iter().all(|p| p.word < words), "{}", l.name);
    }
}

const WRITE: Sqe = Sqe {
    op: wqe_op::WRITE,
    signaled: true,
    fence: false,
    idx: 0xBEEF,
    qpn: 0xF_0001,
    stag: 0x1234_5678,
    to: 0x1122_3344_5566_7788,
    octets: Octets::Sges(&[]),
};

fn sge(n: u32) -> Sge {
    Sge {
        addr: 0x1000 * u64::from(n),
        len: 100 + n,
        lkey: 0xAA00 + n,
    }
}

/// By hand, so that a change of a layout is seen as one.
#[test]
fn a_write_of_one_piece() {
    let one = [sge(1)];
    let sqe = Sqe {
        octets: Octets::Sges(&one),
        ..WRITE
    };
    let (slots, n) = sqe.pack().expect("fits");
    assert_eq!(n, 1);
    let head = 0xF_0001 << 32 | 0xBEEF << 16 | 1 << 11 | 1 << 6;
    let want = [
        head,
        0x1234_5678 << 32 | 101,
        0x1122_3344_5566_7788,
        0,
        0x1000,
        0xAA01 << 32 | 101,
        0,
        0,
    ];
    assert_eq!(slots[0], want);
    assert_eq!(slots[1..], [[0; 8]; 3]);
}

#[test]
fn pieces_run_on_over_slots() {
    let pieces: Vec<Sge> = (1..=SQE_SGES as u32 + 1).map(sge).collect();
    for (n, slots) in [(0, 1), (2, 1), (3, 2), (6, 2), (7, 3), (14, 4)] {
        let sqe = Sqe {
            octets: Octets::Sges(&pieces[..n]),
            ..WRITE
        };
        let (words, taken) = sqe.pack().expect("fits");
        assert_eq!(taken, slots, "{n} pieces");
        assert_eq!(words[0][0] >> 52 & 3, slots as u64 - 1);
        let total: u32 = pieces[..n].iter().map(|s| s.len).sum();
        assert_eq!(words[0][1] as u32, total);
        for (i, s) in pieces[..n].iter().enumerate() {
            // Two in the first slot, four in each that follows.
            let (slot, word) = match i {
                0..=1 => (0, 4 + 2 * i),
                _ => (1 + (i - 2) / 4, (i - 2) % 4 * 2),
            };
            assert_eq!(words[slot][word], s.addr, "piece {i} of {n}");
            let second = u64::from(s.lkey) << 32 | u64::from(s.len);
            assert_eq!(words[slot][word + 1], second, "piece {i} of {n}");
        }
    }
    let most = Sqe {
        octets: Octets::Sges(&pieces),
        ..WRITE
    };
    assert_eq!(
        most.pack(),
        Err(WqeError::TooManySges {
            given: 15,
            most: 14
        })
    );
    let long = [Sge {
        len: u32::MAX,
        ..sge(1)
    }; 2];
    let long = Sqe {
        octets: Octets::Sges(&long),
        ..WRITE
    };
    assert_eq!(long.pack(), Err(WqeError::TooLong));
}

#[test]
fn inline_octets_run_on_over_slots() {
    let octets: Vec<u8> = (0..=INLINE).map(|i| (i * 7 + 1) as u8).collect();
    for (n, slots) in [(0, 1), (1, 1), (32, 1), (33, 2), (96, 2), (97, 3), (224, 4)] {
        let sqe = Sqe {
            octets: Octets::Inline(&octets[..n]),
            ..WRITE
        };
        let (words, taken) = sqe.pack().expect("fits");
        assert_eq!(taken, slots, "{n} octets");
        assert_eq!(words[0][0] >> 54 & 0x1ff, n as u64);
        assert_eq!(words[0][0] >> 5 & 1, 1);
        let memory: Vec<u8> = words
            .iter()
            .flatten()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        assert_eq!(memory[32..32 + n], octets[..n]);
        assert!(memory[32 + n..].iter().all(|o| *o == 0));
    }
    let most = Sqe {
        octets: Octets::Inline(&octets),
        ..WRITE
    };
    assert_eq!(most.pack(), Err(WqeError::TooManyInline { given: 225 }));
}

#[test]
fn receives_completions_and_doorbells() {
    let pieces = [sge(1), sge(2), sge(3), sge(4)];
    let rqe = Rqe {
        idx: 7,
        qpn: 9,
        sges: &pieces[..3],
    };
    let words = rqe.pack().expect("fits");
    assert_eq!(words[..2], [9 << 32 | 7 << 16 | 3 << 11, 0]);
    assert_eq!(words[6..], [0x3000, 0xAA03 << 32 | 103]);
    let most = Rqe {
        sges: &pieces,
        ..rqe
    };
    let error = most.pack().expect_err("too many");
    assert!(error.to_string().contains("at most 3"), "{error}");
    let wide = Rqe {
        qpn: 1 << 20,
        ..rqe
    };
    let error = wide.pack().expect_err("21 bits");
    assert!(error.to_string().contains("`qpn`"), "{error}");

    let status = u64::from(wc_status::LOC_LEN_ERR) << 40;
    let flags = u64::from(cqe_flag::RECV | cqe_flag::SOLICITED) << 20;
    let cqe = Cqe::unpack(&[
        0xDEAD,
        77,
        0x1205 << 48 | 0xBEEF << 32 | 4096,
        1 << 63 | status | 5 << 32 | flags | 0xF_0001,
    ]);
    let want = Cqe {
        imm: 0xDEAD,
        time: 77,
        len: 4096,
        wqe_idx: 0xBEEF,
        term: 0x1205,
        qpn: 0xF_0001,
        flags: cqe_flag::RECV | cqe_flag::SOLICITED,
        op: 5,
        status: wc_status::LOC_LEN_ERR,
        phase: true,
    };
    assert_eq!(cqe, want);

    assert_eq!(ring(0xF_0001, 0xBEEF), Ok(0xF_0001 << 32 | 0xBEEF));
    assert!(ring(1 << 20, 0).is_err());
    assert_eq!(
        arm(3, 0x0100_0005, true, false),
        Ok(3 << 32 | 1 << 27 | 5),
        "ci counts modulo 2^24"
    );
}
