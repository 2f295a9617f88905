// Slots: a slot is never given while it is in use; `ok` and `empty` never lie; the tail never passes the end of a frame in
// use nor of a younger one, in whatever order frames are freed; once all are freed it reaches the end of the last frame.
// One arbitrary frame is followed.
//
// Assumes, the contract of hdl/src/rx/slots.rs: `take` only with `ok`, `store` in the cycle behind; a slot is freed once, after its
// `store`. The ends
// of frames in the ring differ: the frame followed has an end that no other has.
`include "common.svh"

module check #(
  parameter S = 2,
  parameter HELP = 0
) (
  input clock,
  input reset,
  input take,
  input pick,
  input store,
  input [15:0] store_end,
  input [2:0] free_valid,
  input [S-1:0] f0,
  input [S-1:0] f1,
  input [S-1:0] f2
);
  localparam N = 1 << S;
  wire [7:0] slot;
  wire ok, empty;
  wire [15:0] tail;
  dut dut (
    .clock(clock), .reset(reset), .take(take), .store(store), .store_end(store_end), .slot(slot), .ok(ok), .tail(tail),
    .free_valid_0(free_valid[0]), .free_slot_0({6'd0, f0}), .free_valid_1(free_valid[1]), .free_slot_1({6'd0, f1}),
    .free_valid_2(free_valid[2]), .free_slot_2({6'd0, f2}), .empty(empty)
  );
  `FORMAL_RESET

  reg [N-1:0] used;
  wire [N-1:0] one = 1;
  wire [N-1:0] freed = (free_valid[0] ? one << f0 : 0) | (free_valid[1] ? one << f1 : 0) | (free_valid[2] ? one << f2 : 0);
  wire [N-1:0] taken = store ? one << slot : 0;
  reg ends;  // a frame ended in the cycle before
  always @(posedge clock) ends <= take && !reset;
  always @(*) if (begun) begin
    if (take) assume (ok);
    assume (store == ends);
    if (free_valid[0]) assume (used[f0]);
    if (free_valid[1]) assume (used[f1] && !(free_valid[0] && f0 == f1));
    if (free_valid[2]) assume (used[f2] && !(free_valid[0] && f0 == f2) && !(free_valid[1] && f1 == f2));
  end

  // The frame followed, the older ones in use, whether it was freed; how long nothing was in use.
  (* anyconst *) wire [15:0] mark;
  reg seen, mine;
  reg [S-1:0] at;
  reg [N-1:0] older;
  reg [15:0] last_end;
  reg [2:0] quiet;
  always @(*) if (begun) begin
    assume (mark != 0);
    if (store) assume ((store_end == mark) == (pick && !seen));
  end
  always @(posedge clock)
    if (reset) begin
      used <= 0;
      seen <= 1'b0;
      mine <= 1'b0;
      older <= 0;
      last_end <= 0;
      quiet <= 0;
    end else begin
      used <= (used & ~freed) | taken;
      if (store) last_end <= store_end;
      if (store && pick && !seen) begin
        seen <= 1'b1;
        mine <= 1'b1;
        at <= slot[S-1:0];
        older <= used & ~freed;
      end else begin
        older <= older & ~freed;
        if (freed[at]) mine <= 1'b0;
      end
      if (used != 0 || take || store) quiet <= 0;
      else if (quiet != N + 2) quiet <= quiet + 1'b1;
    end

  always @(*) if (begun) begin
    assert (slot < N);
    if (ok || store) assert (!used[slot[S-1:0]]);
    if (empty) assert (used == 0);
    if (!seen || mine || older != 0) assert (tail != mark);
    if (quiet == N + 2) assert (ok && empty && tail == last_end);
    // follow from the above, and help
    if (mine) assert (used[at] && seen);
    assert ((older & ~used) == 0);
  end

  // Helps the induction: the ring from `last` on holds the slots in use and the freed ones, and the ends of their frames.
  // `p_*` are joined by formal/run.py.
  (* keep *) wire [7:0] p_head, p_last;
  (* keep *) wire [8:0] p_count;
  (* keep *) wire [255:0] p_done;
  (* keep *) wire p_full;
  (* keep *) wire [16*N-1:0] p_ends;
  wire [S-1:0] l = p_last[S-1:0];
  wire [S-1:0] h = p_head[S-1:0];
  reg in_ring;  // the frame followed
  always @(posedge clock)
    if (reset) in_ring <= 1'b0;
    else if (store && pick && !seen) in_ring <= 1'b1;
    else if (p_done[p_last] && l == at) in_ring <= 1'b0;
  wire [S:0] ring = p_count - ends;  // frames stored
  reg [S:0] from_last, at_from_last;
  integer i;
  always @(*) if (HELP != 0 && begun) begin
    assert (p_head < N && p_last < N && p_count <= N);
    assert (p_count >= ends && ((h - l) & (N - 1)) == ring[S-1:0] % N);
    assert (p_full == (p_count == N));
    assert ((p_done >> N) == 0);
    assert (last_end == ((ring == 0) ? tail : p_ends[16*((h + N - 1) % N) +: 16]));
    assert (quiet <= N + 2);
    if (used != 0) assert (quiet == 0);
    else assert (p_count == 0 || p_count + quiet <= N);
    if (ends) assert (quiet == 0);
    at_from_last = {1'b0, at} + N - l;
    if (!seen) assert (!in_ring && !mine);
    if (!seen || in_ring) assert (tail != mark);
    if (in_ring) assert (at_from_last[S-1:0] < ring && p_ends[16*at +: 16] == mark);
    assert (mine == (in_ring && used[at]));
    for (i = 0; i < N; i = i + 1) begin
      from_last = i + N - l;
      assert ((used[i] || p_done[i]) == (from_last[S-1:0] < ring));
      assert (!(used[i] && p_done[i]));
      assert (older[i] == (in_ring && used[i] && from_last[S-1:0] < at_from_last[S-1:0]));
      if (from_last[S-1:0] < ring && !(in_ring && i == at)) assert (p_ends[16*i +: 16] != mark);
    end
  end
endmodule
