// Skid: holds at most two items, loses none and keeps their order whatever `dout_ready` does; `dout_valid` does not drop
// and `dout` stands still until taken; `din_ready` is low for two items held and in the cycle after reset, else high, so
// neither side waits without need.
//
// Assumes nothing.
`include "common.svh"

module check #(
  parameter W = 8
) (
  input clock,
  input reset,
  input din_valid,
  input dout_ready,
  input pick,
  input [W-1:0] din
);
  wire din_ready, dout_valid;
  wire [W-1:0] dout;
  dut dut (
    .clock(clock), .reset(reset), .din(din), .din_valid(din_valid), .din_ready(din_ready), .dout(dout),
    .dout_valid(dout_valid), .dout_ready(dout_ready)
  );
  `FORMAL_RESET

  reg [1:0] held;
  reg fresh;
  wire taken = din_valid && din_ready;
  wire given = dout_valid && dout_ready;
  always @(posedge clock) begin
    fresh <= reset;
    if (reset) held <= 0;
    else held <= held + taken - given;
  end
  always @(*) if (begun) begin
    assert (held <= 2);
    assert (dout_valid == (held != 0));
    assert (din_ready == (!fresh && held != 2));
    if (fresh) assert (held == 0);
  end

  reg follow;
  reg [1:0] ahead;
  reg [W-1:0] item;
  always @(posedge clock)
    if (reset) follow <= 1'b0;
    else if (pick && taken && !follow) begin
      follow <= 1'b1;
      item <= din;
      ahead <= held - given;
    end else if (follow && given) begin
      follow <= ahead != 0;
      ahead <= ahead - 1'b1;
    end
  always @(*) if (begun && follow) begin
    assert (ahead < held);
    if (ahead == 0) assert (dout == item);
  end

  reg waits;
  reg [W-1:0] was;
  always @(posedge clock) begin
    waits <= !reset && dout_valid && !dout_ready;
    was <= dout;
  end
  always @(*) if (begun && waits) assert (dout_valid && dout == was);
endmodule
