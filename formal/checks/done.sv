// DoneServer: the count written out for a connection is the sum of what its beats of the right generation said since its
// row was initialised, modulo 2^16, nothing lost and nothing twice; beats of another generation or out of range change
// nothing and give `bad`; one answer for each beat, two cycles later. One arbitrary connection is followed.
//
// Assumes: a row is initialised only while `hold` and `idle`; connection numbers of `init` are in range.
`include "common.svh"
`include "dut.svh"

module check #(
  parameter HELP = 0
) (
  input clock,
  input reset,
  input tvalid,
  input [`ask_width-1:0] ask,
  input hold,
  input init_we,
  input [15:0] init_conn,
  input [`init_row_width-1:0] init_row
);
  wire tready, idle, we, bad;
  wire [15:0] we_conn, val;
  dut dut (
    .clock(clock), .reset(reset), .tvalid(tvalid), .tready(tready), .ask(ask), .hold(hold), .idle(idle),
    .init_we(init_we), .init_conn(init_conn), .init_row(init_row), .rdd_we(we), .rdd_conn(we_conn), .rdd_val(val),
    .bad(bad)
  );
  `FORMAL_RESET

  (* anyconst *) wire conn;
  wire init = init_we && init_conn == conn;
  always @(*) if (begun) begin
    assume (init_conn < 2);
    if (init_we) assume (hold && idle);
  end

  reg known, v1, v2, mine, wrong;
  reg [7:0] gen;
  reg [15:0] total;  // with every beat taken
  wire take = tvalid && tready;
  wire hit = known && ask[`ask_conn] == conn;
  wire good = hit && ask[`ask_gen] == gen;
  always @(posedge clock) begin
    v1 <= take && !reset;
    v2 <= v1 && !reset;
    if (take) begin
      mine <= hit;
      wrong <= ask[`ask_conn] > 1 || (hit && !good);
    end
    if (reset) known <= 1'b0;
    else if (init) begin
      known <= 1'b1;
      gen <= init_row[`init_row_gen];
      total <= init_row[`init_row_count];
    end else if (take && good) total <= total + ask[`ask_count];
  end
  // Helps the induction: the table row is what this checker believes, but for the beat under way.
  reg [4:0] pending;
  always @(posedge clock) if (take) pending <= good ? ask[`ask_count] : 5'd0;
  (* keep *) wire [`p_row_0_bits-1:0] p_row_0, p_row_1;
  wire [`p_row_0_bits-1:0] p_row = conn ? p_row_1 : p_row_0;
  always @(*) if (HELP != 0 && begun && known) begin
    assert (p_row[7:0] == gen);
    assert (p_row[23:8] == (total - ((v1 || v2) ? {11'd0, pending} : 16'd0)));
  end

  always @(*) if (begun) begin
    assert (idle == !(v1 || v2));
    assert (tready == (idle && !hold));
    if (!init_we) assert (we + bad == v2);
    if (init_we) assert (we && we_conn == init_conn && val == init_row[`init_row_count]);
    if (v2 && wrong) assert (bad);
    if (v2 && mine && !wrong) assert (we && we_conn == conn && val == total);
    if (we && known && we_conn == conn && !init) assert (v2 && mine && !wrong);
  end
endmodule
