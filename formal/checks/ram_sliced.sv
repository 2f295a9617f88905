// Ram in slices: equal to a flat memory. One address and one bit, both arbitrary and constant, are modelled; as they are
// arbitrary this holds for all of them. The top bit of raddr reads.
//
// Assumes the rule of the block: PARTS - 1 cycles without a read after a read, and without a write after a write. CLEARS: no
// rule for writes, and only the first part of a row, FIRST bits, is looked at: what a clear writes every cycle.
// UNDEFINED: nothing is said about a read that collides with a write in the cycle in which both begin.
module check #(
  parameter W = 4,
  parameter AP = 4,  // width of the address ports
  parameter A = 2,   // log2 of the depth
  parameter PARTS = 2,
  parameter LATENCY = 2,
  parameter UNDEFINED = 0,
  parameter CLEARS = 0,
  parameter FIRST = 2
) (
  input clock,
  input we,
  input [AP-1:0] waddr,
  input [W-1:0] wdata,
  input [AP-1:0] raddr
);
  wire [W-1:0] rdata;
  dut dut (.clock(clock), .we(we), .waddr(waddr), .wdata(wdata), .raddr(raddr), .rdata(rdata));
  wire re = raddr[AP-1];

  reg [PARTS-1:1] wrote = 0, read = 0;
  always @(posedge clock) begin
    wrote <= (PARTS == 2) ? we : {wrote, we};
    read <= (PARTS == 2) ? re : {read, re};
  end
  always @(*) begin
    if (CLEARS == 0) assume (!(we && |wrote));
    assume (!(re && |read));
  end

  (* anyconst *) wire [A-1:0] addr;
  (* anyconst *) wire [$clog2(W)-1:0] lane;
  always @(*) assume (lane < ((CLEARS != 0) ? FIRST : W));

  // no index is beyond these
  wire [(1 << $clog2(W))-1:0] in = wdata, out = rdata;
  wire hit_w = we && (waddr[A-1:0] == addr);
  wire hit_r = re && (raddr[A-1:0] == addr);
  reg known = 1'b0;
  reg flat;
  always @(posedge clock) if (hit_w) begin
    known <= 1'b1;
    flat <= in[lane];
  end

  // What the read of this cycle must show: sure[0], want[0]; then one place a cycle of latency.
  wire [LATENCY:0] sure, want;
  assign sure[0] = hit_r && known && !(UNDEFINED != 0 && hit_w);
  assign want[0] = flat;
  genvar i;
  generate
    for (i = 1; i <= LATENCY; i = i + 1) begin : stage
      reg s = 1'b0;
      reg w;
      always @(posedge clock) begin
        s <= sure[i-1];
        w <= want[i-1];
      end
      assign sure[i] = s;
      assign want[i] = w;
    end
  endgenerate
  always @(*) if (sure[LATENCY]) assert (out[lane] == want[LATENCY]);
endmodule
