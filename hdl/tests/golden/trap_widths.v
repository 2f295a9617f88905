// widths: traps::traps::Widths
module widths (
  input  wire [3:0] a,
  input  wire [3:0] b,
  input  wire       carry,
  output wire       next,
  output wire [7:0] inverted,
  output wire [3:0] mean,
  output wire [3:0] sum,
  output wire       less
);

  assign next = (a + 4'h1) == b;
  assign inverted = {4'b0, ~a};
  assign mean = (a + b) >> 1;
  assign sum = a + {3'b0, carry};
  assign less = (a - b) < 4'h8;
endmodule

