// precedence: traps::traps::Precedence
module precedence (
  input  wire [7:0] a,
  input  wire [7:0] b,
  output wire       masked,
  output wire [7:0] shifted
);

  assign masked = (a & b) == b;
  assign shifted = a ^ ((b << 1) & 8'h3f);
endmodule

