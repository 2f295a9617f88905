//! Sources in, ids out. Ids stand here in pieces, as these tests carry none.

use super::*;

fn id(prefix: &str, number: &str) -> String {
    format!("{prefix}-{number}")
}

fn carried(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut s = Scan::default();
    s.target("t", &parse(source).items);
    s.tests
}

#[test]
fn names_widths_and_ranges() {
    let list = |name: &str| ids_of_name(name).into_iter().collect::<Vec<_>>();
    let (a, b) = (id("TCP", "21"), id("TCP", "1C"));
    assert_eq!(list("tcp_21_1c_accept"), [b.clone(), a.clone()]);
    for name in ["tcp_21_64", "tcp_21_128_256", "tcp_21_to_34_64"] {
        assert_eq!(list(name), std::slice::from_ref(&a), "{name}");
    }
    assert_eq!(list("tcp_21_mpa_84_fin"), [id("MPA", "84"), a]);
    assert!(list("mpa_crc_of_an_fpdu").is_empty());
}

#[test]
fn texts() {
    let text = format!("({}, {}) X{}-1 ..", id("RDM", "4A"), id("DDP", "3F"), "MPA");
    let got: Vec<_> = ids_in(&text).into_iter().collect();
    assert_eq!(got, [id("DDP", "3F"), id("RDM", "4A")]);
    assert!(ids_in("SEC-123 and DDP-a1 and XMPA-01").is_empty());
}

#[test]
fn helpers_give_their_ids_to_the_tests_that_use_them() {
    let source = format!(
        r##"
        //! Head: {h}
        const CASES: [&str; 1] = ["{c}"];
        fn inner() {{ let s = r#"{i} "quoted" "#; }}
        fn outer<'a>(x: &'a str) {{ inner(); let c = '"'; /* {o} */ }}
        fn unused() {{ let s = "{u}"; }}
        /// {d}
        #[test]
        fn uses() {{ outer("a\"b"); }}
        #[test]
        #[ignore = "slow"]
        fn ignored() {{ unused(); }}
        #[test]
        fn table() {{ for _ in CASES {{}} }}
        "##,
        h = id("MPA", "01"),
        c = id("MPA", "02"),
        i = id("MPA", "03"),
        o = id("MPA", "04"),
        u = id("MPA", "05"),
        d = id("MPA", "06"),
    );
    let got = carried(&source);
    let of = |n: &str| {
        got.get(&id("MPA", n))
            .map(|t| t.iter().cloned().collect::<Vec<_>>())
    };
    assert_eq!(of("01"), None, "a head belongs to no test");
    for (n, item) in [
        ("02", "CASES"),
        ("03", "inner"),
        ("04", "outer"),
        ("06", "uses"),
    ] {
        assert_eq!(of(n), Some(vec![format!("t::{item}")]));
    }
    assert_eq!(of("05"), None, "ignored");
    assert!(ids_written(&source).contains(&id("MPA", "01")));
}

#[test]
fn modules_in_files() {
    let p = parse("mod a;\n#[path = \"x/y.rs\"]\nmod b;\nmod c { fn f() {} }");
    assert_eq!(
        p.modules,
        [
            ("a".to_string(), None),
            ("b".to_string(), Some("x/y.rs".to_string()))
        ]
    );
    assert_eq!(p.items.len(), 1);
}
