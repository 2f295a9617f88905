// Bswap, Pack, Unpack, Equal: bit for bit against their definition. WHICH selects the block.
module check #(
  parameter N = 64,  // bits of a Bswap and an Equal, vectors of Pack and Unpack
  parameter W = 5,
  parameter WHICH = 0
) (
  input [N*W-1:0] din
);
  integer i, j;
  generate
    if (WHICH == 0) begin : bswap
      wire [N-1:0] dout;
      dut dut (.din(din[N-1:0]), .dout(dout));
      always @(*) for (i = 0; i < N / 8; i = i + 1) assert (dout[8*i +: 8] == din[N-8-8*i +: 8]);
    end else if (WHICH == 1) begin : pack
      wire [3*W-1:0] dout;
      dut dut (.din_0(din[0 +: W]), .din_1(din[W +: W]), .din_2(din[2*W +: W]), .dout(dout));
      always @(*) assert (dout == din);
    end else if (WHICH == 3) begin : equal
      wire same;
      dut dut (.a(din[N-1:0]), .b(din[N*W-1:N]), .same(same));
      always @(*) assert (same == (din[N-1:0] == din[N*W-1:N]));
    end else begin : unpack
      wire [W-1:0] d0, d1, d2;
      dut dut (.din(din), .dout_0(d0), .dout_1(d1), .dout_2(d2));
      always @(*) assert ({d2, d1, d0} == din);
    end
  endgenerate
endmodule
