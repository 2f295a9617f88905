// RingStep: from a sound ring every event leads to a sound ring, and no entry is written that the host has not given back.
// Sound: ci <= pi <= claimed <= ci + size, modulo 2^24, so the wrap of the indices is covered.
//
// Assumes: the sums are those of the same event and ring; a promise is put or given back only if there is one; a ring has 2^23
// entries at most.
`include "dut.svh"

module check (
  input [`ev_width-1:0] ev,
  input [`ring_width-1:0] ring
);
  localparam INSTALL = 1, REMOVE = 2, DOORBELL = 3, CLAIM = 4, UNCLAIM = 5, PUT = 6;
  wire [23:0] used, unread, back;
  wire [`done_width-1:0] done;
  wire [`row_width-1:0] row;
  wire [63:0] addr;
  wire phase;
  dut dut (
    .ev0(ev), .ring0(ring), .used(used), .unread(unread), .back(back),
    .ev(ev), .ring(ring), .used_q(used), .unread_q(unread), .back_q(back), .done(done), .row(row), .addr(addr), .phase(phase)
  );

  wire [2:0] op = ev[`ev_op];
  wire [23:0] size = ring[`ring_size], pi = ring[`ring_pi], claimed = ring[`ring_claimed], ci = ring[`ring_ci];
  wire [23:0] size_n = row[`row_size], pi_n = row[`row_pi], claimed_n = row[`row_claimed], ci_n = row[`row_ci];
  wire [23:0] written = pi - ci, promised = claimed - pi, taken = claimed - ci;
  wire [23:0] written_n = pi_n - ci_n, taken_n = claimed_n - ci_n;
  wire live = ring[`ring_valid] && !ev[`ev_beyond];
  wire sound = size != 0 && (size & (size - 1)) == 0 && written <= taken && taken <= size;
  wire sound_n = size_n != 0 && (size_n & (size_n - 1)) == 0 && written_n <= taken_n && taken_n <= size_n;

  always @(*) begin
    assume (op <= PUT);
    assume (ev[`ev_log] <= 23);
    if (ring[`ring_valid]) assume (sound);
    if (live && (op == UNCLAIM || (op == PUT && ev[`ev_claimed]))) assume (promised != 0);

    if (done[`done_write] && row[`row_valid]) assert (sound_n);
    if (op == INSTALL && !ev[`ev_beyond]) assert (done[`done_write] && row[`row_valid] && size_n == 24'd1 << ev[`ev_log]);
    if (op == REMOVE && !ev[`ev_beyond]) assert (done[`done_write] && !row[`row_valid]);
    if (op != INSTALL && !live) assert (!row[`row_valid] || !done[`done_write]);
    if (live && op > REMOVE) begin
      assert (row[`row_valid] && size_n == size && row[`row_base] == ring[`ring_base]);
      assert (row[`row_page] == ring[`ring_page] && row[`row_func] == ring[`ring_func]);
      // One entry further with each that goes out, else not at all.
      assert (pi_n - pi == done[`done_put]);
      assert (claimed_n - claimed == ((op == CLAIM && done[`done_ok]) || (op == PUT && done[`done_put] && !ev[`ev_claimed])) - (op == UNCLAIM));
      // The host gives back what was written, and never takes it again.
      if (op != DOORBELL) assert (ci_n == ci);
      else assert (ci_n - ci <= written);
    end
    // Never over an entry that the host may still read; what was promised goes out.
    assert (done[`done_put] + done[`done_drop] == (op == PUT));
    if (done[`done_put]) begin
      assert (live && written < size);
      assert (addr == ring[`ring_base] + ({40'd0, pi & (size - 24'd1)} << 5));
      assert (phase == ((pi & size) == 0));
    end
    if (op == PUT && live && ev[`ev_claimed]) assert (done[`done_put]);
    assert (done[`done_answer] == (op == CLAIM));
    if (done[`done_answer]) assert (done[`done_ok] == (live && taken != size));
    // Armed once, told once.
    if (done[`done_armed]) assert (live && !row[`row_any] && !row[`row_sol]);
    if (done[`done_full]) assert (live && !ring[`ring_full] && row[`row_full] && taken == size);
    if (done[`done_wrong]) assert (op == DOORBELL);
  end
endmodule
