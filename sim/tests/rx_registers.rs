//! The register block: what it tells of the chip, and that no pulse of a counter is lost.
mod rx_tables;

use ferrowarp_abi::register::{
    counter, counter_address, ADDR_GEOMETRY, ADDR_MAGIC, ADDR_SCRATCH, ADDR_STATUS, ADDR_TS_DAY,
    ADDR_VERSION, COUNTERS, GEOMETRY, MAGIC, NO_REGISTER,
};
use ferrowarp_hdl::rx::counters::Counters;
use rx_tables::{small, Cases, Design, Dut};

/// A register access.
fn access(dut: &mut Dut, address: u16, write: Option<u32>) -> u32 {
    dut.set("registers_tvalid", 1);
    dut.set("registers_address", address.into());
    dut.set("registers_write", write.is_some().into());
    dut.set("registers_data", write.unwrap_or(0xDEAD_BEEF).into());
    dut.set("registers_rsp_tready", 1);
    for _ in 0..100 {
        dut.settle();
        let taken = dut.bit("registers_tready");
        dut.posedge();
        if taken {
            dut.set("registers_tvalid", 0);
            dut.settle();
            assert!(
                dut.bit("registers_rsp_tvalid"),
                "the answer stands in the next cycle"
            );
            let data = dut.get("registers_rsp_data") as u32;
            dut.posedge();
            return data;
        }
    }
    panic!("register 0x{address:x} is never answered");
}

/// Identity, geometry, scratch, and nothing where there is nothing.
#[test]
fn registers_tell_what_the_chip_is() {
    let cfg = small(2);
    for width in [64, 512] {
        let design = Design::new(&Counters::new(&cfg, width), "rx_counters");
        let mut dut = design.start(1);
        assert_eq!(access(&mut dut, ADDR_MAGIC, None), MAGIC);
        assert_eq!(access(&mut dut, ADDR_VERSION, None), ferrowarp_abi::VERSION);
        assert_eq!(access(&mut dut, ADDR_STATUS, None), 0);
        dut.set("ready", 1);
        assert_eq!(access(&mut dut, ADDR_STATUS, None), 1);
        let want = |name: &str| match name {
            "data_width" => width as u32,
            "connections" => 1 << cfg.conn_bits,
            "lookup_buckets" => 1 << cfg.bucket_bits,
            "tpt_sets" => 1 << cfg.tpt_set_bits,
            "rq_slots" => 1 << cfg.rq_bits,
            "ord_slots" => 1 << cfg.ord_bits,
            "nic_slots" => 64,
            "max_frame" => cfg.max_frame as u32,
            "max_fpdu" => cfg.max_fpdu as u32,
            "counters" => COUNTERS.len() as u32,
            "ipv6" => cfg.ipv6.into(),
            "sack" => cfg.sack.into(),
            "markers" => cfg.markers.into(),
            "timestamps" => cfg.timestamps.into(),
            other => panic!("no value for {other}"),
        };
        for (i, (name, _)) in GEOMETRY.iter().enumerate() {
            let got = access(&mut dut, ADDR_GEOMETRY + 4 * i as u16, None);
            assert_eq!(got, want(name), "{name}");
        }
        assert_eq!(access(&mut dut, ADDR_SCRATCH, None), 0);
        assert_eq!(access(&mut dut, ADDR_SCRATCH, Some(0x1234_5678)), 0);
        assert_eq!(dut.get("ts_day"), 0);
        assert_eq!(access(&mut dut, ADDR_TS_DAY, Some(0x1E7)), 0);
        assert_eq!(
            (dut.get("ts_day"), access(&mut dut, ADDR_TS_DAY, None)),
            (0xE7, 0)
        );
        assert_eq!(access(&mut dut, ADDR_MAGIC, Some(5)), 0);
        assert_eq!(access(&mut dut, ADDR_SCRATCH, None), 0x1234_5678);
        assert_eq!(access(&mut dut, ADDR_MAGIC, None), MAGIC);
        let behind = counter_address(COUNTERS.len());
        for nothing in [
            0x078, 0x080, 0x100, 0x3FC, behind, 0x500, 0x1000, 0x8400, 0xFFFC,
        ] {
            assert_eq!(
                access(&mut dut, nothing, None),
                NO_REGISTER,
                "0x{nothing:x}"
            );
        }
    }
}

/// Every pulse of every counter is counted, however dense.
#[test]
fn counters_count_every_pulse() {
    let cases = &mut Cases::new("counters_count_every_pulse");
    let design = Design::new(&Counters::new(&small(2), 64), "rx_counters");
    let mut dut = design.start(cases.seed);
    let ports: Vec<String> = (0..COUNTERS.len()).map(|i| format!("pulse_{i}")).collect();
    let mut sums = vec![0u32; COUNTERS.len()];
    let rates: Vec<u32> = ports
        .iter()
        .map(|_| [0, 1, 30, 100][cases.below(4)])
        .collect();
    for _ in 0..3 {
        // From the first cycle out of reset on: the first scan clears what the RAM held, not the pulses.
        for _ in 0..1000 {
            for ((port, sum), rate) in ports.iter().zip(&mut sums).zip(&rates) {
                let pulse = cases.chance(*rate);
                dut.set(port, pulse.into());
                *sum += u32::from(pulse);
            }
            dut.settle();
            dut.posedge();
        }
        for port in &ports {
            dut.set(port, 0);
        }
        // The scan's length.
        for _ in 0..64 {
            dut.settle();
            dut.posedge();
        }
        for (i, sum) in sums.iter().enumerate() {
            let got = access(&mut dut, counter_address(i), None);
            assert_eq!(got, *sum, "counter {}", COUNTERS[i].name);
        }
    }
    assert_eq!(COUNTERS[counter("rx_frames")].name, "rx_frames");
}
