// ApplyMask, RotateBytes, MergeRotate: an arbitrary byte lane against the definition. WHICH selects the block.
//
// Assumes nothing.
module check #(
  parameter D = 64,
  parameter LK = 3,
  parameter WHICH = 0
) (
  input [D-1:0] a,
  input [D-1:0] b,
  input [D/8-1:0] keep,
  input [D/8-1:0] flip,
  input [LK-1:0] amount,
  input [LK-1:0] lane
);
  localparam K = D / 8;
  wire [D-1:0] dout;
  wire [7:0] out = dout[{lane, 3'b000} +: 8];
  wire [LK:0] place = amount + {1'b0, lane};
  generate
    if (WHICH == 0) begin : apply
      dut dut (.data(a), .keep(keep), .flip(flip), .dout(dout));
      always @(*) assert (out == ((keep[lane] ? a[{lane, 3'b000} +: 8] : 8'h00) ^ (flip[lane] ? 8'hff : 8'h00)));
    end else if (WHICH == 1) begin : rotate
      dut dut (.din(a), .amt(amount), .dout(dout));
      always @(*) assert (out == a[{place[LK-1:0], 3'b000} +: 8]);
    end else begin : merge
      dut dut (.lo(a), .hi(b), .off(amount), .dout(dout));
      wire [2*D-1:0] both = {b, a};
      always @(*) assert (out == both[{place, 3'b000} +: 8]);
    end
  endgenerate
endmodule
