//! The schema is consistent, and `docs/seams.md` is what it renders to.

use ferrowarp_abi::code::{op, table, ENCODINGS};
use ferrowarp_abi::register::{
    counter, ADDR_COUNTERS, ADDR_GEOMETRY, COUNTERS, GEOMETRY, REGISTERS,
};
use ferrowarp_abi::stream::{stream, STREAMS};
use ferrowarp_abi::table::{
    ConnState, InstallRecord, LookupRow, LookupWay, TooWide, TptRecord, INSTALL_LAYOUT, LAYOUTS,
    LOOKUP_LAYOUT, RECORD_WORDS, TPT_LAYOUT,
};
use std::collections::BTreeSet;

#[test]
fn seams_page_is_current() {
    let mut page = String::new();
    ferrowarp_abi::render::seams(&mut page).expect("a String takes everything");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/seams.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).expect("docs/seams.md can be written");
    }
    let file = std::fs::read_to_string(path).unwrap_or_default();
    let line = page.lines().zip(file.lines()).position(|(a, b)| a != b);
    let repeat = "BLESS=1 cargo test -p ferrowarp-abi --test schema";
    assert!(
        page == file,
        "docs/seams.md differs from the schema (first at line {line:?}): run {repeat}"
    );
}

#[test]
fn names_are_unique() {
    let unique = |what: &str, names: Vec<&str>| {
        let set: BTreeSet<_> = names.iter().collect();
        assert_eq!(set.len(), names.len(), "{what}: {names:?}");
    };
    unique("streams", STREAMS.iter().map(|s| s.name).collect());
    for s in STREAMS {
        unique(s.name, s.fields.iter().map(|f| f.name).collect());
    }
    unique("encodings", ENCODINGS.iter().map(|e| e.name).collect());
    for e in ENCODINGS {
        unique(e.name, e.codes.iter().map(|c| c.name).collect());
    }
    let mut registers: Vec<_> = REGISTERS.iter().map(|r| r.name).collect();
    registers.extend(GEOMETRY.iter().map(|g| g.0));
    registers.extend(COUNTERS.iter().map(|c| c.name));
    unique("registers", registers);
}

#[test]
fn codes_fit_and_differ() {
    for e in ENCODINGS {
        let values: BTreeSet<_> = e.codes.iter().map(|c| c.value).collect();
        assert_eq!(values.len(), e.codes.len(), "{}", e.name);
        for c in e.codes {
            assert!(u64::from(c.value) < 1 << e.bits, "{}::{}", e.name, c.name);
            assert_eq!(e.name_of(c.value), Some(c.name));
        }
        if e.name.ends_with("flag") || e.name == "right" {
            assert!(
                e.codes.iter().all(|c| c.value.is_power_of_two()),
                "{}",
                e.name
            );
        }
    }
}

#[test]
fn coded_fields_have_the_width_of_their_encoding() {
    for s in STREAMS {
        for f in s.fields {
            if let Some(e) = ENCODINGS.iter().find(|e| e.name == f.doc) {
                assert_eq!(f.width.bits(64), e.bits, "{}.{}", s.name, f.name);
            }
        }
    }
    assert_eq!(stream("cpl_event").map(|s| s.bits(64)), Some(636));
    assert_eq!(
        stream("dma_wr_data").map(|s| s.bits(512)),
        Some(512 + 64 + 1)
    );
}

#[test]
fn record_fields_do_not_overlap() {
    for l in LAYOUTS {
        let mut used = [0u64; RECORD_WORDS];
        for p in l.places {
            assert!(p.low + p.bits <= 64, "{}.{}", l.name, p.name);
            let mask = (u64::MAX >> (64 - p.bits)) << p.low;
            assert_eq!(used[p.word] & mask, 0, "{}.{}", l.name, p.name);
            used[p.word] |= mask;
        }
    }
}

#[test]
fn registers_do_not_overlap() {
    let behind = ADDR_GEOMETRY + 4 * GEOMETRY.len() as u16;
    for r in REGISTERS {
        let beside = r.address + 4 <= ADDR_GEOMETRY || r.address >= behind;
        assert!(beside && r.address < 0x80, "{}", r.name);
    }
    assert!(usize::from(ADDR_GEOMETRY) + 4 * GEOMETRY.len() <= usize::from(ADDR_COUNTERS));
    assert!(COUNTERS.len() <= 64, "the counter block scans 64");
    assert_eq!(COUNTERS[counter("rq_full")].name, "rq_full");
}

/// The value of a named field.
fn field(layout: &ferrowarp_abi::table::Layout, words: &[u64], name: &str) -> u64 {
    let place = layout.places.iter().find(|p| p.name == name);
    place
        .unwrap_or_else(|| panic!("{} has no {name}", layout.name))
        .get(words)
}

#[test]
fn records_pack_to_their_layout() {
    let install = InstallRecord {
        v6: false,
        src: 0x0A00_0002,
        dst: 0x0A00_0001,
        sport: 4791,
        dport: 7174,
        vlan: Some(0xABC),
        gen: 0x5A,
        func: 3,
        ird: 16,
        crc_en: true,
        sack: true,
        ts_recent: None,
        pd: 0xFE_DCBA,
        qpn: 0xF_0001,
        markers_from: Some(0x1234_5678),
        rcv_wnd: 0x1_0000,
        rcv_nxt: 0x1234_5678,
        smsn: 9,
        rmsn: 4,
        snd_una: 0x8000_0000,
        snd_nxt: 0x8000_1000,
        max_wnd: 0xFFFF,
    };
    let words = install.pack().expect("fits");
    let get = |name| field(&INSTALL_LAYOUT, &words, name);
    assert_eq!(get("src"), 0x0A00_0002);
    assert_eq!(get("dport"), 7174);
    assert_eq!(get("vlan"), 0x1ABC);
    assert_eq!(
        (get("gen"), get("func"), get("ird"), get("crc_en")),
        (0x5A, 3, 16, 1)
    );
    assert_eq!((get("pd"), get("qpn")), (0xFE_DCBA, 0xF_0001));
    assert_eq!((get("markers"), get("mark_at")), (1, 0x78));
    assert_eq!(
        (get("rcv_nxt"), get("smsn"), get("rmsn")),
        (0x1234_5678, 9, 4)
    );
    assert_eq!(
        (get("snd_una"), get("snd_nxt"), get("max_wnd")),
        (0x8000_0000, 0x8000_1000, 0xFFFF)
    );
    // The whole record by hand, so that a change of the layout is seen as one.
    assert_eq!(words[2], 0x00FE_DCBA_0310_035A);
    assert_eq!((install.words(), &words[7..]), (7, &[0; 4][..]));
    assert_eq!((get("v6"), get("sack"), get("timestamps")), (0, 1, 0));
    let stamped = InstallRecord {
        ts_recent: Some(0xFEDC_BA98),
        ..install
    };
    let words = stamped.pack().expect("fits");
    assert_eq!((stamped.words(), words[2] >> 26 & 1), (8, 1));
    assert_eq!(words[7], 0xFEDC_BA98);

    let six = InstallRecord {
        v6: true,
        src: 0x2001_0DB8_0102_0304_0506_0708_090A_0B0C,
        dst: 0xFE80_1112_1314_1516_1718_191A_1B1C_1D1E,
        ..install
    };
    let words = six.pack().expect("fits");
    assert_eq!(six.words(), 11);
    assert_eq!(words[0], 0x1B1C_1D1E_090A_0B0C);
    assert_eq!(words[1], 1 << 45 | 0x1ABC << 32 | 7174 << 16 | 4791);
    assert_eq!(
        words[7..],
        [
            0,
            0x0102_0304_0506_0708,
            0x1718_191A_2001_0DB8,
            0xFE80_1112_1314_1516
        ]
    );

    let mut row = LookupRow::default();
    row.0[2] = Some(LookupWay {
        conn: 0x7FFF,
        fingerprint: 0xABC,
    });
    let words = row.pack().expect("fits");
    assert_eq!(words, [0, 0x17FF_FABC]);
    assert_eq!(field(&LOOKUP_LAYOUT, &words, "valid2"), 1);
    assert_eq!(LookupRow::index(true, 5), 0x1_0005);

    let tpt = TptRecord {
        key: 7,
        rights: 0xF,
        bound_to: Some(2),
        pd: 1,
        base: u64::MAX,
        len: 64,
        pa: 4096,
    };
    let words = tpt.pack().expect("fits");
    assert_eq!(words, [0x0000_0200_0001_1F07, u64::MAX, 64, 4096]);
    assert_eq!(field(&TPT_LAYOUT, &words, "qpn"), 2);

    let state = ConnState::unpack([0x0000_0009_1234_5678, 0x0000_0003_0000_0004]);
    assert_eq!(
        state,
        ConnState {
            rcv_nxt: 0x1234_5678,
            smsn: 9,
            rmsn: 4,
            st: 3
        }
    );
}

#[test]
fn too_wide_values_are_named() {
    let wide = InstallRecord {
        pd: 1 << 24,
        ..Default::default()
    };
    let error = wide.pack().expect_err("25 bits");
    assert_eq!(
        error,
        TooWide {
            field: "pd",
            bits: 24,
            value: 1 << 24
        }
    );
    assert_eq!(
        error.to_string(),
        "record field `pd`: 0x1000000 does not fit 24 bits, give a smaller value"
    );
    assert!(InstallRecord {
        vlan: Some(0x1000),
        ..Default::default()
    }
    .pack()
    .is_err());
    assert!(TptRecord {
        rights: 16,
        ..Default::default()
    }
    .pack()
    .is_err());
}

#[test]
fn schema_names_its_tables_and_operations() {
    assert_eq!(table::ENCODING.name_of(table::TPT.into()), Some("TPT"));
    assert_eq!(op::ENCODING.codes.len(), 7);
}
