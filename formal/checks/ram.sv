// Ram, RamBe, RamLanes, RamRw, LutRam, FwdRam: equal to a flat memory. One address and one bit lane, both arbitrary and constant, are
// modelled; as they are arbitrary this holds for all of them. Address bits above the depth are ignored.
//
// LATENCY 0 is an asynchronous read. NEW: a read sees the write of its cycle; else it sees the data from before.
// UNDEFINED: nothing is said about a read that collides with a write. STORED: the bits of a lane that are kept; the others
// read as zero. RW: RamRw; 1 proves its read port, 2 the reads of its write port in cycles without a write.
// Assumes nothing. Nothing is said about an entry that was never written.
module check #(
  parameter W = 4,
  parameter AP = 3,  // width of the address ports
  parameter A = 3,   // log2 of the depth
  parameter K = 1,   // write enables
  parameter LATENCY = 1,
  parameter NEW = 0,
  parameter UNDEFINED = 0,
  parameter STORED = -1,
  parameter RW = 0
) (
  input clock,
  input [K-1:0] we,
  input [AP-1:0] waddr,
  input [W-1:0] wdata,
  input [AP-1:0] raddr
);
  wire [W-1:0] rdata, mdata;
  wire [W-1:0] got = (RW == 2) ? mdata : rdata;
  generate
    if (RW != 0) begin : rw
      dut dut (
        .clock(clock), .we(we), .waddr(waddr), .wdata(wdata), .mdata(mdata), .raddr(raddr), .rdata(rdata)
      );
    end else begin : ram
      dut dut (.clock(clock), .we(we), .waddr(waddr), .wdata(wdata), .raddr(raddr), .rdata(rdata));
      assign mdata = 0;
    end
  endgenerate

  (* anyconst *) wire [A-1:0] addr;
  (* anyconst *) wire [$clog2(W)-1:0] lane;
  always @(*) assume (lane < W);

  wire hit_w = we[lane / (W / K)] && (waddr[A-1:0] == addr);
  wire hit_r = (RW == 2) ? (we == 0 && waddr[A-1:0] == addr) : (raddr[A-1:0] == addr);
  localparam [W/K-1:0] KEPT = STORED;
  wire kept = KEPT[lane % (W / K)];
  reg known = 1'b0;
  reg flat;
  always @(posedge clock) if (hit_w) begin
    known <= 1'b1;
    flat <= wdata[lane];
  end

  // What the read of this cycle must show: sure[0], want[0]; then one place a cycle of latency.
  wire [LATENCY:0] sure, want;
  assign sure[0] = hit_r && (NEW ? (known || hit_w) : known) && !(UNDEFINED != 0 && |we && waddr[A-1:0] == addr);
  assign want[0] = (NEW != 0 && hit_w) ? wdata[lane] : flat;
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
  always @(*) begin
    if (kept && sure[LATENCY]) assert (got[lane] == want[LATENCY]);
    if (!kept) assert (got[lane] == 1'b0);
  end
endmodule
