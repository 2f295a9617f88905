// slices: traps::traps::Slices
module slices (
  input  wire [63:0] a,
  input  wire [14:0] tag, // id[7:0] kind[9:8] port[13:10] valid[14]
  input  wire [2:0]  sel,
  output wire [7:0]  twice,
  output wire [1:0]  field,
  output wire [7:0]  expr,
  output wire [7:0]  lane,
  output wire        one_bit,
  output wire [7:0]  replaced,
  output wire [4:0]  cut,
  output wire [31:0] joined,
  output wire        any,
  output wire        all,
  output wire        odd
);

  localparam [1:0] Kind_Idle = 2'h0;

  wire unused;

  /* verilator lint_off UNUSEDSIGNAL */ // part of an expression
  wire [63:0] tmp_0 = a >> 3;
  /* verilator lint_on UNUSEDSIGNAL */
  /* verilator lint_off UNUSEDSIGNAL */ // part of an expression
  wire [31:0] tmp_1 = {29'b0, sel} * 32'h8;
  /* verilator lint_on UNUSEDSIGNAL */
  /* verilator lint_off UNUSEDSIGNAL */ // part of an expression
  wire [63:0] tmp_2 = a + 64'h1;
  /* verilator lint_on UNUSEDSIGNAL */

  assign twice = a[19:12];
  assign field = tag[12:11];
  assign expr = tmp_0[15:8];
  assign lane = a[tmp_1[5:0] +: 8];
  assign one_bit = a[{3'b0, sel}];
  assign replaced = (a[7:0] & (~({7'b0, 1'b1} << sel))) | ({7'b0, 1'b1} << sel);
  assign cut = tmp_2[4:0];
  assign joined = ({12'b0, a[31:12]} << 12) | {20'b0, a[11:0]};
  assign any = |a[15:0];
  assign all = &a[3:0];
  assign odd = ^(a ^ 64'h1);
  assign unused = (((|tag[7:0]) | tag[14]) | (tag[9:8] == Kind_Idle)) | (|tag[13:10]);
endmodule

