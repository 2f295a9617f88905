// Merge of the MAC and of the host's inject stream, as an arbiter of one output: an inject frame begins only with `go` and one
// cycle after the MAC was between two frames and silent, and nobody cuts into it; a beat taken from the inject stream is on the output in that cycle, as it
// came; an open inject frame is always ready for more; while no inject frame was offered (`hold`), MAC beats pass in their cycle, unchanged.
// `idle` says that no frame is open.
//
// Assumes nothing. Not said here: that MAC frames which wait in the FIFO come out whole (the FIFO itself: beat_fifo.sv).
`include "common.svh"

module check (
  input clock,
  input reset,
  input [7:0] mac_data,
  input mac_valid,
  input mac_last,
  input mac_user,
  input [7:0] inj_data,
  input inj_valid,
  input inj_last,
  input inj_user,
  input go
);
  wire [7:0] out;
  wire inj_ready, out_valid, out_last, out_user, hold, drop, idle;
  dut dut (
    .clock(clock), .reset(reset), .mac_rx_tdata(mac_data), .mac_rx_tkeep(1'b1), .mac_rx_tvalid(mac_valid),
    .mac_rx_tlast(mac_last), .mac_rx_tuser(mac_user), .inject_tdata(inj_data), .inject_tkeep(1'b1),
    .inject_tvalid(inj_valid), .inject_tready(inj_ready), .inject_tlast(inj_last), .inject_tuser(inj_user), .go(go),
    .out_tdata(out), .out_tkeep(), .out_tvalid(out_valid), .out_tlast(out_last), .out_tuser(out_user),
    .hold(hold), .drop_merge(drop), .idle(idle)
  );
  `FORMAL_RESET

  wire injected = inj_valid && inj_ready;
  reg inj_open, mac_open, calm, quiet;
  always @(posedge clock)
    if (reset) begin
      inj_open <= 1'b0;
      mac_open <= 1'b0;
      calm <= 1'b0;
      quiet <= 1'b1;  // no inject frame let in since reset
    end else begin
      if (injected) inj_open <= !inj_last;
      if (mac_valid) mac_open <= !mac_last;
      calm <= !mac_open && !mac_valid;
      if (injected || hold) quiet <= 1'b0;
    end
  always @(*) if (begun && !reset) begin
    if (injected) assert (out_valid && out == inj_data && out_last == inj_last && out_user == inj_user);
    if (injected && !inj_open) assert (go && calm && hold);
    if (inj_open) assert (inj_ready && out_valid == inj_valid && !hold);
    if (idle) assert (!inj_open && !mac_open);
    if (quiet && !hold) begin
      assert (out_valid == mac_valid && !drop);
      if (mac_valid) assert (out == mac_data && out_last == mac_last && out_user == mac_user);
      assert (idle == !mac_open);
    end
  end
endmodule
