// Fifo and BypassFifo: `full`, `room` and `valid` are exact, the first item stays until it is popped, and one item
// picked at any time comes out once, unchanged, behind exactly those that were ahead of it. As the pick is free, this
// is: nothing lost, nothing twice, order kept.
//
// Assumes nothing: a push while full and a pop while empty must be ignored.
`include "common.svh"

module check #(
  parameter W = 4,
  parameter A = 2,
  parameter BYPASS = 0,
  parameter HEADED = 0, // the oldest item is in a register
  parameter KEEP = -1, // the bits of an item that are stored; the others read as zero
  parameter DATA = 1,  // follow an item; 0 for depths where only the control is proven
  parameter HELP = 0   // 1: relate the state to that of the block (probes `p_*`), which makes the claims inductive
) (
  input clock,
  input reset,
  input push,
  input pop,
  input pick,
  input [W-1:0] din
);
  localparam DEPTH = 1 << A;
  localparam [W-1:0] STORED = KEEP;
  wire full, valid;
  wire [7:0] room;
  wire [W-1:0] dout;
  dut dut (
    .clock(clock), .reset(reset), .din(din), .push(push), .full(full), .room(room), .dout(dout), .valid(valid), .pop(pop)
  );
  `FORMAL_RESET

  reg [A:0] held;
  wire taken = push && (held != DEPTH);
  wire shown = (held != 0) || (BYPASS != 0 && taken);
  wire given = pop && shown;
  always @(posedge clock)
    if (reset) held <= 0;
    else held <= held + taken - given;

  always @(*) if (begun) begin
    assert (held <= DEPTH);
    assert (full == (held == DEPTH));
    assert (valid == shown);
    assert (room == ((DEPTH - held > 255) ? 255 : DEPTH - held));
    if (DATA != 0 && shown && held == 0) assert (dout == din);
  end

  // Registers of the block, joined by formal/run.py. Unused without HELP.
  (* keep *) wire [A:0] p_free;
  (* keep *) wire [A-1:0] p_wp, p_rp, p_rp_next;
  (* keep *) wire p_some, p_no_room;
  (* keep *) wire [(DATA != 0 ? DEPTH : 1)*W-1:0] p_mem;
  always @(*) if (HELP != 0 && begun) begin
    assert (p_free == DEPTH - held);
    assert (p_some == (held != 0));
    if (HEADED != 0) assert (p_rp_next == ((p_rp + 1) & (DEPTH - 1)));
    if (HEADED != 0 && DATA != 0 && held != 0) assert (dout == p_mem[p_rp * W +: W]);
    assert (p_no_room == (held == DEPTH));
    if (DATA != 0) assert (((p_rp + held) & (DEPTH - 1)) == p_wp);
  end

  generate
    if (DATA != 0) begin : data
      // One item, and how many are ahead of it.
      reg follow;
      reg [A:0] ahead;
      reg [W-1:0] item;
      wire start = pick && taken && !follow;
      always @(posedge clock)
        if (reset) follow <= 1'b0;
        else if (start) begin
          follow <= !(held == 0 && given);
          item <= din & STORED;
          ahead <= held - given;
        end else if (follow && given) begin
          follow <= ahead != 0;
          ahead <= ahead - 1'b1;
        end
      always @(*) if (begun && follow) begin
        assert (ahead < held);
        if (ahead == 0) assert (valid && dout == item);
        if (HELP != 0) assert (p_mem[((p_rp + ahead) & (DEPTH - 1)) * W +: W] == item);
      end

      // Stream rule, by itself: what is shown and not taken is shown again.
      reg waits;
      reg [W-1:0] was;
      always @(posedge clock) begin
        waits <= !reset && valid && !pop;
        was <= dout;
      end
      always @(*) if (begun && waits) assert (valid && dout == was);
    end
  endgenerate
endmodule
