// KeepToLen and LenToKeep are each other's inverse, by definition: lane i is kept when i < len. WHICH selects the block.
//
// Assumes: `keep` has no gap; `len` is at most K. Both are the block's contract.
module check #(
  parameter K = 8,
  parameter C = 4,
  parameter WHICH = 0
) (
  input [C-1:0] len
);
  integer i;
  always @(*) assume (len <= K);
  reg [K-1:0] keep;
  always @(*) for (i = 0; i < K; i = i + 1) keep[i] = i < len;
  generate
    if (WHICH == 0) begin : to_len
      wire [C-1:0] out;
      dut dut (.keep(keep), .len(out));
      always @(*) assert (out == len);
    end else begin : to_keep
      wire [K-1:0] out;
      dut dut (.len(len), .keep(out));
      always @(*) assert (out == keep);
    end
  endgenerate
endmodule
