// MirrorServer: one beat a cycle; a beat of the connection's generation is written out two cycles later as it came, every
// other one gives `bad` and changes nothing; the row of an initialisation passes in its cycle. One arbitrary connection is
// followed.
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
  input [7:0] init_gen,
  input [`init_row_width-1:0] init_row
);
  wire tready, idle, we, bad;
  wire [15:0] we_conn;
  wire [`mir_row_width-1:0] row;
  dut dut (
    .clock(clock), .reset(reset), .tvalid(tvalid), .tready(tready), .ask(ask), .hold(hold), .idle(idle),
    .init_we(init_we), .init_conn(init_conn), .init_gen(init_gen), .init_row(init_row), .mir_we(we), .mir_conn(we_conn),
    .mir_row(row), .bad(bad)
  );
  `FORMAL_RESET

  (* anyconst *) wire conn;
  always @(*) if (begun) begin
    assume (init_conn < 2);
    if (init_we) assume (hold && idle);
  end
  reg known, v1, v2;
  reg [7:0] gen;
  reg [`ask_width-1:0] a1, a2;
  always @(posedge clock) begin
    v1 <= tvalid && tready && !reset;
    v2 <= v1 && !reset;
    a1 <= ask;
    a2 <= a1;
    if (reset) known <= 1'b0;
    else if (init_we && init_conn == conn) begin
      known <= 1'b1;
      gen <= init_gen;
    end
  end
  // Helps the induction: the table row is what this checker believes.
  (* keep *) wire [7:0] p_row_0, p_row_1;
  always @(*) if (HELP != 0 && begun && known) assert ((conn ? p_row_1 : p_row_0) == gen);

  always @(*) if (begun) begin
    assert (tready == !hold);
    assert (idle == !(v1 || v2));
    if (!init_we) assert (we + bad == v2);
    if (init_we) assert (we && we_conn == init_conn && row == init_row);
    if (v2 && a2[`ask_conn] > 1) assert (bad);
    if (v2 && known && a2[`ask_conn] == conn) begin
      assert (we == (a2[`ask_gen] == gen));
      if (we) begin
        assert (we_conn == conn);
        assert (row[`mir_row_snd_una] == a2[`ask_snd_una]);
        assert (row[`mir_row_snd_nxt] == a2[`ask_snd_nxt]);
        assert (row[`mir_row_max_wnd] == a2[`ask_max_wnd]);
        assert (row[`mir_row_last_ack] == a2[`ask_last_ack]);
      end
    end
  end
endmodule
