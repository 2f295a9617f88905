// wide: traps::traps::Wide
module wide (
  input  wire         clock,
  input  wire         reset,
  input  wire [511:0] a,
  input  wire [5:0]   sel,
  output wire [511:0] mixed,
  output wire [7:0]   lane,
  output wire [7:0]   fixed,
  output wire [130:0] held, // low[59:0] mid[129:60] flag[130]
  output wire [69:0]  mid
);

  localparam [511:0] mask = 512'hffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0f;

  reg  [130:0] state_d;
  reg  [130:0] state_q;

  /* verilator lint_off UNUSEDSIGNAL */ // part of an expression
  wire [31:0] tmp_0 = {26'b0, sel} * 32'h8;
  /* verilator lint_on UNUSEDSIGNAL */

  assign mixed = (a & mask) + 512'h1;
  assign lane = a[tmp_0[8:0] +: 8];
  assign fixed = a[511:504] ^ 8'haa;
  assign held = state_q;
  assign mid = state_q[129:60];
  always @* begin
    state_d = state_q;
    if (a[511]) begin
      state_d[129:60] = a[69:0];
    end
  end

  always @(posedge clock) if (reset) state_q <= 131'h5c0000000000000000000000000000005; else state_q <= state_d;
endmodule

