// indices.s[0] and 1 more
module indices_s (
  input  wire [7:0] a_0,
  input  wire [7:0] a_1,
  output wire [7:0] o
);

  assign o = a_0 ^ a_1;
endmodule

// indices: traps::traps::Indices
module indices (
  input  wire [7:0] a_0,
  input  wire [7:0] a_1,
  input  wire [7:0] a_2,
  input  wire [7:0] a_3,
  input  wire [1:0] sel,
  output wire [7:0] o_0,
  output wire [7:0] o_1,
  output reg  [2:0] first,
  output reg  [3:0] ones,
  output wire [7:0] picked,
  output wire [3:0] picked_bits
);

  wire [7:0] s_0_a_0;
  wire [7:0] s_0_a_1;
  wire [7:0] s_0_o;
  wire [7:0] s_1_a_0;
  wire [7:0] s_1_a_1;
  wire [7:0] s_1_o;

  /* verilator lint_off UNUSEDSIGNAL */ // part of an expression
  wire [7:0] tmp_0 = (sel == 2'h0) ? s_0_o : s_1_o;
  /* verilator lint_on UNUSEDSIGNAL */

  indices_s s_0 (
    .a_0(s_0_a_0),
    .a_1(s_0_a_1),
    .o(s_0_o)
  );
  indices_s s_1 (
    .a_0(s_1_a_0),
    .a_1(s_1_a_1),
    .o(s_1_o)
  );

  assign s_0_a_0 = a_1;
  assign s_0_a_1 = a_0;
  assign o_0 = s_0_o;
  assign s_1_a_0 = a_3;
  assign s_1_a_1 = a_2;
  assign o_1 = s_1_o;
  always @* begin
    first = 3'h7;
    if (a_0[7]) begin
      first = 3'h7;
    end
    if (a_0[6]) begin
      first = 3'h6;
    end
    if (a_0[5]) begin
      first = 3'h5;
    end
    if (a_0[4]) begin
      first = 3'h4;
    end
    if (a_0[3]) begin
      first = 3'h3;
    end
    if (a_0[2]) begin
      first = 3'h2;
    end
    if (a_0[1]) begin
      first = 3'h1;
    end
    if (a_0[0]) begin
      first = 3'h0;
    end
  end
  always @* begin
    ones = 4'h0;
    if (a_1[0]) begin
      ones = ones + 4'h1;
    end
    if (a_1[1]) begin
      ones = ones + 4'h1;
    end
    if (a_1[2]) begin
      ones = ones + 4'h1;
    end
    if (a_1[3]) begin
      ones = ones + 4'h1;
    end
    if (a_1[4]) begin
      ones = ones + 4'h1;
    end
    if (a_1[5]) begin
      ones = ones + 4'h1;
    end
    if (a_1[6]) begin
      ones = ones + 4'h1;
    end
    if (a_1[7]) begin
      ones = ones + 4'h1;
    end
  end
  assign picked = (sel == 2'h0) ? a_0 : ((sel == 2'h1) ? a_1 : ((sel == 2'h2) ? a_2 : a_3));
  assign picked_bits = tmp_0[5:2];
endmodule

