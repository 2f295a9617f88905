// RamClear: after reset `active` is high for exactly 2^A cycles, in the n-th of them `addr` is n, so that each address is
// visited once; then `done` for ever, until the next reset. An arbitrary address is followed besides: done means visited.
//
// Assumes nothing.
`include "common.svh"

module check #(
  parameter AP = 4,
  parameter A = 4
) (
  input clock,
  input reset
);
  wire [AP-1:0] addr;
  wire active, done;
  dut dut (.clock(clock), .reset(reset), .addr(addr), .active(active), .done(done));
  `FORMAL_RESET

  reg [A:0] cycle;
  always @(posedge clock)
    if (reset) cycle <= 0;
    else if (cycle != (1 << A)) cycle <= cycle + 1'b1;

  (* anyconst *) wire [A-1:0] one;
  reg visited;
  always @(posedge clock)
    if (reset) visited <= 1'b0;
    else if (active && addr == one) visited <= 1'b1;

  always @(*) if (begun) begin
    assert (done == !active);
    assert (cycle <= (1 << A));
    assert (active == (cycle != (1 << A)));
    if (active) assert (addr == cycle);
    else assert (addr == 0);
    assert (visited == (cycle > one));
    if (done) assert (visited);
  end
endmodule
