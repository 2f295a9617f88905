//! Streams over small hand-written modules: a right one at two widths, and wrong ones that the
//! monitor, the sink or the watchdog must find.

use ferrowarp_sim::stream::{Bench, Monitor, Pace, StreamSink, StreamSource};
use ferrowarp_sim::{ModelBuilder, SimError};

/// A two-deep skid buffer of an AXI data stream and, beside it, one register of metadata whose
/// names start like the data's.
fn skid(bits: usize) -> String {
    let (k, top) = (bits / 8, bits + bits / 8 + 1);
    format!(
        "module skid(input wire clock, input wire reset,
  input wire in_tvalid, output wire in_tready, input wire [{d}:0] in_tdata, input wire [{kk}:0] in_tkeep, input wire in_tlast, input wire in_tuser,
  output wire out_tvalid, input wire out_tready, output wire [{d}:0] out_tdata, output wire [{kk}:0] out_tkeep, output wire out_tlast, output wire out_tuser,
  input wire in_meta_tvalid, output wire in_meta_tready, input wire [19:0] in_meta_conn, input wire [127:0] in_meta_addr,
  output reg out_meta_tvalid, input wire out_meta_tready, output reg [19:0] out_meta_conn, output reg [127:0] out_meta_addr);
  reg [{top}:0] first, second; reg [1:0] count;
  wire take = in_tvalid && in_tready; wire give = out_tvalid && out_tready;
  assign in_tready = count != 2'd2;
  assign out_tvalid = count != 2'd0;
  assign {{out_tuser, out_tlast, out_tkeep, out_tdata}} = first;
  always @(posedge clock) begin
    if (give) first <= second;
    if (take && (count == 2'd0 || (count == 2'd1 && give))) first <= {{in_tuser, in_tlast, in_tkeep, in_tdata}};
    if (take && count == 2'd1 && !give) second <= {{in_tuser, in_tlast, in_tkeep, in_tdata}};
    if (reset) count <= 2'd0; else count <= count + {{1'b0, take}} - {{1'b0, give}};
  end
  assign in_meta_tready = !out_meta_tvalid || out_meta_tready;
  always @(posedge clock) begin
    if (in_meta_tready) begin out_meta_conn <= in_meta_conn; out_meta_addr <= in_meta_addr; end
    if (reset) out_meta_tvalid <= 1'b0; else if (in_meta_tready) out_meta_tvalid <= in_meta_tvalid;
  end
endmodule
",
        d = bits - 1,
        kk = k - 1,
    )
}

fn paces(round: u64) -> [Pace; 4] {
    [
        Pace::full(),
        Pace::random(round, 20 + 15 * (round as u32 % 4)),
        Pace::bursts(round, 9),
        Pace::shy(),
    ]
}

#[test]
fn packets_pass_at_every_pace_and_width() -> Result<(), SimError> {
    for bits in [64, 512] {
        let lib = ModelBuilder::new(&skid(bits), "skid").build()?;
        for round in 0..16u64 {
            let mut bench = Bench::new(lib.instance_seeded(round));
            let (rx, meta_in) = (bench.source("in")?, bench.source("in_meta")?);
            let (tx, meta_out) = (bench.sink("out")?, bench.sink("out_meta")?);
            let model = &bench.model;
            bench.monitors.push(Monitor::new(model, "in")?);
            bench.monitors.push(Monitor::new(model, "in_meta")?);
            bench.sources[rx].set_pace(paces(round)[round as usize % 4].clone());
            bench.sinks[tx].set_pace(paces(round + 100)[round as usize / 4].clone());
            bench.sinks[meta_out].set_pace(Pace::random(round, 50));
            bench.reset(2)?;
            let packets: Vec<Vec<u8>> = (1..140usize)
                .map(|n| (0..n).map(|i| (i * 7 + n) as u8).collect())
                .collect();
            let mut beats = Vec::new();
            for (n, packet) in packets.iter().enumerate() {
                bench.sources[rx].push_packet(packet, (n % 3 == 0).into())?;
                let meta = bench.sources[meta_in].beat();
                let meta = meta
                    .with("conn", n as u128)
                    .with("addr", u128::MAX - n as u128);
                beats.push(meta.clone());
                bench.sources[meta_in].push(meta);
            }
            bench.run_until(20_000, "all packets and metadata", |b| {
                b.sinks[tx].packets() == packets.len() && b.sinks[meta_out].len() == beats.len()
            })?;
            for (n, expect) in packets.iter().enumerate() {
                let got = bench.sinks[tx].pop_packet()?.expect("counted above");
                assert_eq!(&got.bytes, expect, "bits {bits} round {round} packet {n}");
                assert_eq!(got.user, u128::from(n % 3 == 0));
                assert!(got.first_cycle <= got.last_cycle);
            }
            assert_eq!(bench.sinks[tx].pop_packet()?, None);
            let got = bench.sinks[meta_out].take();
            for (got, expect) in got.iter().zip(&beats) {
                assert_eq!(got.get("conn"), expect.get("conn"));
                assert_eq!(got.get("addr"), expect.get("addr"));
            }
        }
    }
    Ok(())
}

#[test]
fn a_full_pace_moves_a_beat_every_cycle() -> Result<(), SimError> {
    let lib = ModelBuilder::new(&skid(64), "skid").build()?;
    let mut bench = Bench::new(lib.instance());
    let (rx, tx) = (bench.source("in")?, bench.sink("out")?);
    bench.reset(2)?;
    bench.sources[rx].push_packet(&[0x5a; 800], 0)?;
    let cycles = bench.run_until(200, "packet", |b| b.sinks[tx].packets() == 1)?;
    assert_eq!(cycles, 101, "100 beats, one cycle of latency");
    let packet = bench.sinks[tx].pop_packet()?.expect("there");
    assert_eq!(packet.last_cycle - packet.first_cycle, 99);
    assert_eq!(bench.sources[rx].last_sent_cycle() + 1, packet.last_cycle);
    Ok(())
}

/// One module that breaks one rule when told to.
const WRONG: &str = "
module wrong(input wire clock, input wire reset, input wire [1:0] fault,
  output wire q_tvalid, input wire q_tready, output wire [15:0] q_value, output wire q_extra);
  reg [15:0] n; reg [2:0] t;
  // fault 1: valid drops; 2: value moves while stalled; 3: valid waits for ready.
  assign q_tvalid = fault == 2'd1 ? t != 3'd7 : fault == 2'd3 ? q_tready && t[2] : 1'b1;
  assign q_value = fault == 2'd2 ? n + {13'd0, t} : n;
  assign q_extra = 1'b0;
  always @(posedge clock) begin
    if (reset) t <= 3'd0; else t <= t + 3'd1;
    if (reset) n <= 16'd0; else if (q_tvalid && q_tready) n <= n + 16'd1;
  end
endmodule
";

#[test]
fn broken_rules_are_found_and_named() -> Result<(), SimError> {
    let lib = ModelBuilder::new(WRONG, "wrong").build()?;
    let run = |fault, pace: Pace| -> Result<u64, SimError> {
        let mut bench = Bench::new(lib.instance());
        let q = bench.sink("q")?;
        let select = bench.model.input("fault")?;
        bench.model.set_u64(select, fault);
        bench.sinks[q].set_pace(pace);
        bench.reset(2)?;
        bench.run_until(1000, "100 beats of q", |b| b.sinks[q].beats() >= 100)
    };
    run(0, Pace::random(1, 50))?;
    run(0, Pace::shy())?;
    let text = |r: Result<u64, SimError>| r.expect_err("a broken rule").to_string();
    let dropped = text(run(1, Pace::random(1, 50)));
    assert!(
        dropped.contains("stream `q`: tvalid dropped before tready"),
        "{dropped}"
    );
    let moved = text(run(2, Pace::random(1, 50)));
    assert!(moved.contains("`value` changed while stalled"), "{moved}");
    // Only a sink that waits for valid can see that valid waits for it.
    run(3, Pace::full())?;
    assert_eq!(
        text(run(3, Pace::shy())),
        "no progress after 1000 cycles: 100 beats of q"
    );
    Ok(())
}

#[test]
fn wrong_streams_are_refused() -> Result<(), SimError> {
    let lib = ModelBuilder::new(WRONG, "wrong").build()?;
    let model = lib.instance();
    assert!(matches!(
        StreamSink::new(&model, "z"),
        Err(SimError::NoPort { .. })
    ));
    assert!(matches!(
        StreamSource::new(&model, "q"),
        Err(SimError::PortShape { .. })
    ));
    let named = StreamSink::with_fields(&model, "q", &["value"])?;
    let fields: Vec<_> = named.layout().fields().collect();
    assert_eq!(fields, [("value", 16)]);
    assert!(StreamSink::with_fields(&model, "q", &["none"]).is_err());
    let mut sink = StreamSink::new(&model, "q")?;
    assert!(matches!(sink.pop_packet(), Err(SimError::Argument(_))));

    let skid = ModelBuilder::new(&skid(64), "skid").build()?.instance();
    let mut source = StreamSource::new(&skid, "in")?;
    assert!(source.push_packet(&[], 0).is_err());
    let mut meta = StreamSource::new(&skid, "in_meta")?;
    assert!(meta.push_packet(&[1], 0).is_err());
    Ok(())
}

#[test]
fn a_packet_with_holes_is_refused() -> Result<(), SimError> {
    let lib = ModelBuilder::new(&skid(64), "skid").build()?;
    for (keep, last) in [(0x7f, 0), (0x05, 1), (0x00, 1)] {
        let mut bench = Bench::new(lib.instance());
        let (rx, tx) = (bench.source("in")?, bench.sink("out")?);
        bench.reset(2)?;
        let beat = bench.sources[rx].beat().with("tkeep", keep);
        bench.sources[rx].push(beat.with("tlast", last));
        bench.sources[rx].push_packet(&[1, 2, 3], 0)?;
        bench.cycles(10)?;
        let result = bench.sinks[tx].pop_packet();
        assert!(
            matches!(result, Err(SimError::Protocol { .. })),
            "{keep:#x} {result:?}"
        );
    }
    Ok(())
}
