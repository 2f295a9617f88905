// Blocks: a block is never handed out while it is in use; `avail`, the reserved and the used blocks together are never more
// than there are (the credit never goes below zero), and exactly as many when nothing has just come back: none is lost; a
// block that is reserved shows within a few cycles.
//
// Assumes, the contract of hdl/src/rx/blocks.rs: `reserve` only what is `avail`; `take` only with `blk_valid` and a
// reservation; links join the last block of a chain to the first of another; a chain comes back once, whole, by `fr` or,
// complete, by `cf`, with the blocks reserved for it; requests wait unchanged for their ready; a complete chain comes
// back three cycles after `done` at the earliest.
`include "common.svh"

module check #(
  parameter B = 4
) (
  input clock,
  input reset,
  input take,
  input link,
  input [15:0] link_from,
  input [15:0] link_to,
  input reserve,
  input [16:0] reserve_n,
  input done,
  input [15:0] done_first,
  input [15:0] done_last,
  input fr_valid,
  input [15:0] fr_first,
  input [15:0] fr_last,
  input [16:0] fr_n,
  input cf_valid,
  input [15:0] cf_blk
);
  localparam L = $clog2(B);
  wire [15:0] blk;
  wire blk_valid, fr_ready, cf_ready;
  wire [16:0] avail;

  // Who is in use, the first block of its chain, and the ends of chains.
  reg [B-1:0] used, first, last, complete, ripe1, ripe2, ripe3;
  reg [L-1:0] chain [0:B-1];
  reg [L:0] reserved;  // and not taken
  integer i;

  function [L:0] count(input [B-1:0] x);
    integer n;
    begin
      count = 0;
      for (n = 0; n < B; n = n + 1) count = count + x[n];
    end
  endfunction

  reg [B-1:0] fr_set, cf_set, done_set;
  always @(*) for (i = 0; i < B; i = i + 1) begin
    fr_set[i] = used[i] && chain[i] == fr_first;
    cf_set[i] = used[i] && chain[i] == cf_blk;
    done_set[i] = used[i] && chain[i] == done_first;
  end
  wire cf_none = cf_blk == 16'hffff;
  wire fr = fr_valid && fr_ready;
  wire cf = cf_valid && cf_ready && !cf_none;

  dut dut (
    .clock(clock), .reset(reset), .take(take), .blk(blk), .blk_valid(blk_valid), .link(link), .link_from(link_from),
    .link_to(link_to), .reserve(reserve), .reserve_n(reserve_n), .avail(avail), .done(done), .done_first(done_first),
    .done_last(done_last), .done_n({{(16-L){1'b0}}, count(done_set)}), .fr_valid(fr_valid), .fr_ready(fr_ready),
    .fr_first(fr_first), .fr_last(fr_last), .fr_n(fr_n), .cf_valid(cf_valid), .cf_ready(cf_ready), .cf_blk(cf_blk),
    .nx_blk(16'd0), .nx_next()
  );
  `FORMAL_RESET

  reg fr_waits, cf_waits;
  reg [15:0] fr_first_was, fr_last_was, cf_blk_was;
  reg [16:0] fr_n_was;
  wire [B-1:0] back = (fr_valid ? fr_set : 0) | ((cf_valid && !cf_none) ? cf_set : 0);
  always @(*) if (begun) begin
    if (reserve) assume (reserve_n <= avail);
    if (take) assume (blk_valid && reserved != 0);
    if (link) begin
      assume (link_from < B && link_to < B);
      assume (used[link_from[L-1:0]] && last[link_from[L-1:0]] && used[link_to[L-1:0]] && first[link_to[L-1:0]]);
      assume (chain[link_from[L-1:0]] != link_to);
      assume (!complete[chain[link_from[L-1:0]]] && !complete[link_to[L-1:0]]);
      assume (!back[link_from[L-1:0]] && !back[link_to[L-1:0]]);
    end
    if (done) begin
      assume (done_first < B && done_last < B && used[done_first[L-1:0]] && first[done_first[L-1:0]]);
      assume (used[done_last[L-1:0]] && last[done_last[L-1:0]] && chain[done_last[L-1:0]] == done_first);
      assume (!complete[done_first[L-1:0]] && (back & done_set) == 0);
      assume (!link || (!done_set[link_from[L-1:0]] && !done_set[link_to[L-1:0]]));
    end
    if (fr_valid) begin
      assume (fr_first < B && fr_last < B && used[fr_first[L-1:0]] && first[fr_first[L-1:0]]);
      assume (used[fr_last[L-1:0]] && last[fr_last[L-1:0]] && chain[fr_last[L-1:0]] == fr_first);
      assume (!complete[fr_first[L-1:0]]);
      assume (fr_n >= count(fr_set) && fr_n <= count(fr_set) + reserved - take);
    end
    if (cf_valid && !cf_none) assume (cf_blk < B && complete[cf_blk[L-1:0]] && ripe3[cf_blk[L-1:0]]);
    if (fr_waits) assume (fr_valid && fr_first == fr_first_was && fr_last == fr_last_was && fr_n == fr_n_was);
    if (cf_waits) assume (cf_valid && cf_blk == cf_blk_was);
  end

  reg [1:0] settled;  // cycles since blocks came back
  reg [2:0] still;    // cycles without take, link or blocks that come back
  always @(posedge clock) begin
    fr_waits <= !reset && fr_valid && !fr_ready;
    cf_waits <= !reset && cf_valid && !cf_ready;
    fr_first_was <= fr_first;
    fr_last_was <= fr_last;
    fr_n_was <= fr_n;
    cf_blk_was <= cf_blk;
    ripe1 <= complete;
    ripe2 <= ripe1 & complete;
    ripe3 <= ripe2 & complete;
    if (reset) begin
      used <= 0;
      complete <= 0;
      ripe1 <= 0;
      ripe2 <= 0;
      ripe3 <= 0;
      reserved <= 0;
      settled <= 2;
      still <= 0;
    end else begin
      reserved <= reserved + (reserve ? reserve_n[L:0] : 0) - take - (fr ? fr_n[L:0] - count(fr_set) : 0);
      settled <= (fr || cf) ? 0 : (settled == 2) ? 2 : settled + 1'b1;
      still <= (fr || cf || take || link) ? 0 : (still == 7) ? 7 : still + 1'b1;
      for (i = 0; i < B; i = i + 1) begin
        if (link && used[i] && chain[i] == link_to) chain[i] <= chain[link_from[L-1:0]];
        if (link && i == link_from) last[i] <= 1'b0;
        if (link && i == link_to) first[i] <= 1'b0;
        if (done && i == done_first) complete[i] <= 1'b1;
        if ((fr && fr_set[i]) || (cf && cf_set[i])) begin
          used[i] <= 1'b0;
          complete[i] <= 1'b0;
        end
        if (take && blk == i) begin
          used[i] <= 1'b1;
          first[i] <= 1'b1;
          last[i] <= 1'b1;
          chain[i] <= i;
        end
      end
    end
  end

  wire [16:0] in_use = count(used);
  always @(*) if (begun) begin
    if (blk_valid) assert (blk < B && !used[blk[L-1:0]]);
    assert (avail + reserved + in_use <= B);
    if (settled == 2) assert (avail + reserved + in_use == B);
    if (still == 7 && in_use != B) assert (blk_valid);
  end
endmodule
