// elaborated.x[0] and 2 more
module elaborated_x (
  input  wire [7:0] next_in,
  output wire [7:0] o
);

  wire [7:0] next;

  assign next = next_in + 8'h1;
  assign o = next;
endmodule

// elaborated: traps::traps::Elaborated
module elaborated (
  input  wire [7:0] a,
  output wire [7:0] o_0,
  output wire [7:0] o_1,
  output wire [7:0] o_2
);

  wire [7:0] x_0_next_in;
  wire [7:0] x_0_o;
  wire [7:0] x_1_next_in;
  wire [7:0] x_1_o;
  wire [7:0] x_2_next_in;
  wire [7:0] x_2_o;

  elaborated_x x_0 (
    .next_in(x_0_next_in),
    .o(x_0_o)
  );
  elaborated_x x_1 (
    .next_in(x_1_next_in),
    .o(x_1_o)
  );
  elaborated_x x_2 (
    .next_in(x_2_next_in),
    .o(x_2_o)
  );

  assign x_0_next_in = a;
  assign o_0 = 8'h80 | 8'h3;
  assign x_1_next_in = x_0_o;
  assign o_1 = x_1_o ^ 8'h5;
  assign x_2_next_in = x_1_o;
  assign o_2 = x_2_o;
endmodule

