// Internet checksum: SumBeat, SumGroups, SumJoin, FoldSum against the sum written out. WHICH selects the block.
//
// Assumes, for FoldSum only: nothing (the fold of any 32-bit accumulator is that of its two halves, carry put back).
module check #(
  parameter D = 64,
  parameter WHICH = 0
) (
  input [D-1:0] data,
  input [D/8-1:0] mask
);
  integer i;
  // An even lane is the high octet of its word.
  function [31:0] words(input integer from, input integer to);
    integer n;
    begin
      words = 0;
      for (n = from; n < to; n = n + 1)
        words = words + {16'b0, mask[2*n] ? data[16*n +: 8] : 8'h00, mask[2*n+1] ? data[16*n+8 +: 8] : 8'h00};
    end
  endfunction
  generate
    if (WHICH == 0) begin : beat
      wire [20:0] sum;
      dut dut (.data(data), .mask(mask), .sum(sum));
      always @(*) assert (sum == words(0, D / 16));
    end else if (WHICH == 1) begin : groups
      wire [18:0] g0, g1, g2, g3;
      dut dut (.data(data), .mask(mask), .g0(g0), .g1(g1), .g2(g2), .g3(g3));
      always @(*) begin
        assert (g0 == words(0, D / 64));
        assert (g1 == words(D / 64, D / 32));
        assert (g2 == words(D / 32, 3 * D / 64));
        assert (g3 == words(3 * D / 64, D / 16));
      end
    end else if (WHICH == 2) begin : join_
      wire [20:0] sum;
      dut dut (.g0(data[18:0]), .g1(data[37:19]), .g2(data[56:38]), .g3(data[75:57]), .sum(sum));
      always @(*) assert (sum == 32'd0 + data[18:0] + data[37:19] + data[56:38] + data[75:57]);
    end else begin : fold_
      wire [15:0] fold;
      dut dut (.acc(data[31:0]), .fold(fold));
      // One's-complement sum of 16-bit numbers: equal modulo 0xFFFF, and zero only for zero.
      wire [16:0] once = data[31:16] + data[15:0];
      always @(*) begin
        assert (fold == ((once > 17'h0ffff) ? once - 17'h0ffff : once));
        assert ((fold == 0) == (data[31:0] == 0));
      end
    end
  endgenerate
endmodule
