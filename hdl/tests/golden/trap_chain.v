// chain.inc
module chain_inc (
  input  wire [7:0] next_in,
  output wire [7:0] o
);

  wire [7:0] next;

  assign next = next_in + 8'h1;
  assign o = next;
endmodule

// chain: traps::traps::Chain
module chain (
  input  wire        clock,
  input  wire        reset,
  input  wire [14:0] a, // id[7:0] kind[9:8] port[13:10] valid[14]
  output wire [14:0] o // id[7:0] kind[9:8] port[13:10] valid[14]
);

  reg  [14:0] next_d;
  reg  [14:0] next_q;
  wire [7:0] inc_next_in;
  wire [7:0] inc_o;

  chain_inc inc (
    .next_in(inc_next_in),
    .o(inc_o)
  );

  assign inc_next_in = a[7:0];
  always @* begin
    next_d = a;
    next_d[7:0] = inc_o;
  end
  assign o = next_q;

  always @(posedge clock) if (reset) next_q <= 15'h0; else next_q <= next_d;
endmodule

