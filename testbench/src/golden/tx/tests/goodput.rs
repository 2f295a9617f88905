//! Goodput against the ideal sender under the same losses, and fairness of flows that share a wire.

use super::*;
use crate::golden::tx::ideal::{ideal, IdealConfig};
use crate::golden::tx::sender::SEC;

/// TCP payload bits a second of one big Write, and of the ideal sender; `segments` at MSS 1460.
fn both(loss: f64, rate: u64, rtt: Ns, window: u32, segments: u64, seed: u64) -> (f64, f64) {
    let setup = Setup {
        window,
        window_scale: 7,
        sender: SenderConfig {
            rto_min: 4 * rtt,
            rto_initial: 10 * rtt,
            granularity: rtt / 100,
            ..SenderConfig::default()
        },
        // The run ends with the last acknowledgement.
        ack_delay: rtt / 2,
        region: 4096,
        ..Setup::default()
    };
    let link = LinkConfig {
        seed,
        rate: Some(rate),
        delay: rtt / 2,
        loss,
        ..LinkConfig::default()
    };
    let back = LinkConfig { loss: 0.0, ..link };
    let mut net = Net::new(vec![setup.pair(0)], link, back);
    // Whole segments: 1440 octets of payload each.
    let data = vec![0x5a; 4096 / 1440 * 1440];
    let each = (data.len() / 1440) as u64;
    for i in 0..segments / each {
        net.a().post(0, write(i, 0, &data));
    }
    let stop = net.run(3000 * SEC, |n| n.flows[0].a.idle());
    assert_eq!(stop, Stop::Reached);
    let octets = net.a().sender().una();
    let ours = octets as f64 * 8e9 / net.now as f64;
    let cfg = IdealConfig {
        seed,
        loss,
        rate,
        rtt,
        frame: 1514,
        payload: 1460,
        window: u64::from(window),
        first_window: 3,
        ack_every: 2,
        reno: true,
    };
    (ours, ideal(&cfg, octets.div_ceil(1460)).goodput)
}

/// Without loss both reach the wire's limit, and the ideal one never exceeds it.
#[test]
fn ideal_without_loss_is_the_wire() {
    let (ours, ideal) = both(0.0, 1_000_000_000, 100 * US, 1 << 20, 20_000, 1);
    let limit = 1e9 * 1460.0 / 1538.0;
    assert!(ideal <= limit && ideal > 0.97 * limit, "{ideal}");
    assert!(ours <= limit && ours > 0.97 * limit, "{ours}");
}

/// More loss never helps, and without congestion control only what is sent twice is missing.
#[test]
fn ideal_under_loss_behaves() {
    let cfg = |loss, reno| IdealConfig {
        seed: 3,
        loss,
        rate: 10_000_000_000,
        rtt: MS,
        frame: 1514,
        payload: 1460,
        window: 4 << 20,
        first_window: 3,
        ack_every: 2,
        reno,
    };
    let good = |l, r| ideal(&cfg(l, r), 40_000).goodput;
    assert!(good(0.0, true) > good(0.001, true) && good(0.001, true) > good(0.01, true));
    let limit = 1e10 * 1460.0 / 1538.0;
    assert!((good(0.01, false) / limit - 0.99).abs() < 0.04);
    // The square root law, within a factor: 1.22 / sqrt(p) segments a round trip.
    let law = 1.22 / 0.01f64.sqrt() * 1460.0 * 8.0 / 1e-3;
    let got = good(0.01, true);
    assert!(got > 0.7 * law && got < 1.5 * law, "{got} {law}");
}

/// The golden sender is no worse than what is asked of the chip: 0.95 at 0.1 %, 0.80 at 1 %.
#[test]
fn tcp_50_goodput_near_the_ideal_sender() {
    // 10 Gb/s x 1 ms, and 100 Gb/s x 20 us.
    for (rate, rtt, window) in [
        (10_000_000_000, MS, 2 << 20),
        (100_000_000_000, 20 * US, 1 << 20),
    ] {
        for (loss, floor, segments) in [(0.001, 0.95, 9000), (0.01, 0.80, 4000)] {
            let mut sum = (0.0, 0.0);
            for seed in 0..3 {
                let (a, b) = both(loss, rate, rtt, window, segments, seed);
                sum = (sum.0 + 1.0 / a, sum.1 + 1.0 / b);
            }
            let share = sum.1 / sum.0;
            println!("rate {rate} loss {loss}: {share:.3}");
            assert!(share >= floor, "rate {rate} loss {loss}: {share:.3}");
        }
    }
}

/// Flows that share a bottleneck with a short queue: nobody starves, and nobody's timer is another's.
#[test]
fn tcp_5c_flows_share_a_wire() {
    for many in [2u16, 16] {
        let setup = Setup {
            sender: SenderConfig {
                rto_min: 4 * MS,
                rto_initial: 20 * MS,
                ..SenderConfig::default()
            },
            region: 65_536,
            receives: 16,
            window: 1 << 16,
            ..Setup::default()
        };
        let link = LinkConfig {
            rate: Some(200_000_000),
            delay: 500 * US,
            queue: Some(60_000),
            ..LinkConfig::default()
        };
        let pairs = (0..many).map(|f| setup.pair(f)).collect();
        let mut net = Net::new(
            pairs,
            link,
            LinkConfig {
                queue: None,
                ..link
            },
        );
        let data = vec![1; 65_000];
        for p in &mut net.flows {
            for i in 0..40 {
                p.a.post(0, write(i, 0, &data));
            }
        }
        net.run(if many == 2 { SEC / 4 } else { SEC / 2 }, |_| false);
        let got: Vec<f64> = net
            .flows
            .iter()
            .map(|p| p.a.sender().una() as f64)
            .collect();
        let sum: f64 = got.iter().sum();
        let squares: f64 = got.iter().map(|g| g * g).sum();
        let jain = sum * sum / (squares * got.len() as f64);
        assert!(jain > 0.8, "{many}: {jain} {got:?}");
        assert!(net.flows.iter().all(|p| p.a.state() == State::Open));
        assert!(
            net.ab.stats().overflowed > 0,
            "the queue must have been short"
        );
        let used = sum * 8.0 / net.now as f64 * 1e9 / 200_000_000.0;
        assert!(used > 0.8, "{many}: {used} of the wire");
    }
}
