// BeatFifo, the block RAM FIFO behind the MAC: nothing lost, order kept, `valid`, `full`, `one_left` and `one` exact, a beat
// pushed in cycle t is on the output in t + 1 at the latest when it is the oldest. One arbitrary beat is followed.
//
// Assumes: no push while `full`, no pop without `valid` (the merge around it keeps to that).
`include "common.svh"

module check #(
  parameter D = 8,
  parameter K = 1,
  parameter A = 2,
  parameter HELP = 0
) (
  input clock,
  input reset,
  input push,
  input pop,
  input pick,
  input [D+K+1:0] din
);
  localparam N = 1 << A;
  localparam W = D + K + 2;
  wire [W-1:0] dout;
  wire valid, full, one_left, one;
  dut dut (
    .clock(clock), .reset(reset), .push(push), .in_data(din[D-1:0]), .in_keep(din[D +: K]), .in_last(din[D+K]),
    .in_user(din[D+K+1]), .pop(pop), .out_data(dout[D-1:0]), .out_keep(dout[D +: K]), .out_last(dout[D+K]),
    .out_user(dout[D+K+1]), .valid(valid), .full(full), .one_left(one_left), .one(one)
  );
  `FORMAL_RESET

  reg [A:0] held, ahead;
  reg follow;
  reg [W-1:0] item;
  always @(*) if (begun) begin
    if (push) assume (!full);
    if (pop) assume (valid);
  end
  always @(posedge clock)
    if (reset) begin
      held <= 0;
      follow <= 1'b0;
    end else begin
      held <= held + push - pop;
      if (push && pick && !follow) begin
        follow <= 1'b1;
        item <= din;
        ahead <= held - pop;
      end else if (follow && pop) begin
        follow <= ahead != 0;
        ahead <= ahead - 1'b1;
      end
    end

  // Joined by formal/run.py: the ring of the RAM and its read port.
  (* keep *) wire [12:0] p_wp, p_rp;
  (* keep *) wire [13:0] p_stored, p_count;
  (* keep *) wire [D*N-1:0] p_data;
  (* keep *) wire [K*N-1:0] p_keep;
  (* keep *) wire [2*N-1:0] p_flag;
  (* keep *) wire [D-1:0] p_rdata;
  (* keep *) wire [K-1:0] p_rkeep;
  (* keep *) wire [1:0] p_rflag;
  wire [A-1:0] r = p_rp[A-1:0];
  wire [A-1:0] w = p_wp[A-1:0];
  wire [A-1:0] at = r + ahead - 1'b1;

  always @(*) if (begun) begin
    assert (held <= N);
    assert (valid == (held != 0));
    assert (full == (held == N));
    assert (one_left == (held == N - 1));
    assert (one == (held == 1));
    if (follow) assert (ahead < held);
    if (follow && ahead == 0) assert (dout == item);
    if (HELP != 0) begin
      assert (p_count == held);
      assert (p_stored == ((held == 0) ? 0 : held - 1));
      assert (w - r == p_stored[A-1:0]);
      if (p_stored != 0)
        assert ({p_rflag, p_rkeep, p_rdata} == {p_flag[2*r +: 2], p_keep[K*r +: K], p_data[D*r +: D]});
      if (follow && ahead != 0) assert (item == {p_flag[2*at +: 2], p_keep[K*at +: K], p_data[D*at +: D]});
    end
  end
endmodule
