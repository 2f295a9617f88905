// Unread: `some` is high while a frame that was pushed has not been read, and low two cycles after the last one was read.
//
// Assumes: what is read was pushed in a cycle before, and at most 250 frames wait.
`include "common.svh"

module check #(
  parameter HELP = 0 // 1: relate the state to that of the block (probes `p_*`), which makes the claims inductive
) (
  input clock,
  input reset,
  input x,
  input nic,
  input read
);
  wire some;
  dut dut (.clock(clock), .reset(reset), .x(x), .nic(nic), .read(read), .some(some));
  `FORMAL_RESET

  // Pushed and not read; cycles since there was one.
  reg [8:0] held;
  reg [1:0] idle;
  always @(posedge clock)
    if (reset) begin
      held <= 0;
      idle <= 2;
    end else begin
      held <= held + x + nic - read;
      idle <= held != 0 ? 0 : idle == 2 ? 2 : idle + 1;
    end
  always @(*) begin
    assume (!read || held != 0);
    assume (held <= 248 || !(x || nic));
  end
  always @(*) if (begun) begin
    if (held != 0) assert (some);
    if (held == 0 && idle != 0) assert (!some);
  end

  (* keep *) wire [7:0] p_count;
  (* keep *) wire p_x, p_nic, p_read, p_some;
  always @(*) if (HELP != 0 && begun) begin
    assert (held <= 250);
    assert (p_count + p_x + p_nic == held + p_read);
    assert (p_some == (p_x || p_nic || p_count != 0));
    assert (!(p_read && held == 0 && idle == 2));
  end
endmodule
