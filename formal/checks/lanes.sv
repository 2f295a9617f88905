// LanesFrom and LanesTo: an arbitrary lane is in the mask exactly when its byte position in the frame is at or behind
// `position`, or not behind it; `reached` is lane 0 of LanesTo. WHICH selects the block.
//
// Assumes nothing.
module check #(
  parameter K = 8,
  parameter WHICH = 0
) (
  input [16:0] position,
  input [12:0] beat,
  input [$clog2(K)-1:0] lane
);
  wire [K-1:0] mask;
  wire [19:0] here = beat * K + lane;
  generate
    if (WHICH == 0) begin : from
      dut dut (.start(position), .beat(beat), .mask(mask));
      always @(*) assert (mask[lane] == (here >= position));
    end else begin : to
      wire reached;
      dut dut (.last(position), .beat(beat), .mask(mask), .reached(reached));
      always @(*) begin
        assert (mask[lane] == (here <= position));
        assert (reached == mask[0]);
      end
    end
  endgenerate
endmodule
