// RangeMask: an arbitrary lane is in the mask exactly when its byte position in the frame lies in [start, stop).
//
// Assumes nothing: empty and reversed ranges give an empty mask, beats behind the last position too.
module check #(
  parameter K = 8
) (
  input [15:0] start,
  input [15:0] stop,
  input [12:0] beat,
  input [$clog2(K)-1:0] lane
);
  wire [K-1:0] mask;
  dut dut (.start(start), .stop(stop), .beat(beat), .mask(mask));
  wire [19:0] position = beat * K + lane;
  always @(*) assert (mask[lane] == (position >= start && position < stop));
endmodule
