// Reg and RegNr in a kernel that assigns `d` on one path only: the other path holds the value; reset loads the value
// given at elaboration into Reg and leaves RegNr alone.
//
// Assumes nothing.
`include "common.svh"

module check (
  input clock,
  input reset,
  input load,
  input [7:0] din
);
  wire [7:0] q, q_nr;
  dut dut (.clock(clock), .reset(reset), .load(load), .din(din), .q(q), .q_nr(q_nr));
  `FORMAL_RESET
  reg [7:0] want, was_nr, was_din;
  reg was_load;
  always @(posedge clock) begin
    if (reset) want <= 8'h5a;
    else if (load) want <= din;
    was_nr <= q_nr;
    was_din <= din;
    was_load <= load;
  end
  always @(*) if (begun) begin
    assert (q == want);
    assert (q_nr == (was_load ? was_din : was_nr));
  end
endmodule
