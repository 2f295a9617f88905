// PostServer and IssueServer: slots of a connection as credits. A slot in use is never written again; the credit, slots
// less slots in use, never goes below zero; a beat refused for want of a slot was refused rightly (`full` is exact as of
// the cycle in which the beat was taken); slots are written in order, at the connection's own addresses; every beat taken
// gives exactly one answer, three cycles later; `tready` does not look at `tvalid`. One arbitrary connection is followed:
// the claims hold for each, whatever the others do. WHICH: 0 IssueServer, 1 PostServer.
//
// Assumes, as the head of hdl/src/rx/servers.rs demands: a row is initialised only while `hold` and `idle`, with the
// consumed count in the same cycle; the consumed count never passes what was written; connection numbers of `init` and
// `cons` are in range. Nothing is assumed of the stream.
`include "common.svh"
`include "dut.svh"
`ifdef cons_head_width
`define cons_width `cons_head_width
`else
`define cons_width `cons_smsn_width
`endif

module check #(
  parameter WHICH = 0,
  parameter SLOTS = 2,
  parameter FRAME = 1,  // octets that a host buffer must hold
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
  input [`cons_width-1:0] init_count,
  input cons_we,
  input [15:0] cons_conn,
  input [`cons_width-1:0] cons_count,
  input nic_room
);
  localparam NIC = 20'hfffff;
  wire tready, idle, store, full, bad, nic_push, nic_full;
  wire [19:0] addr;
  wire [19:0] ask_conn;
  wire [7:0] row_gen;
  wire [`cons_width-1:0] first;  // count of the slot written next, after init
  wire refuse;                   // a beat that is `bad`, whatever the slots
  wire is_nic;
  wire [31:0] row_count;
  reg [7:0] gen;
  generate
    if (WHICH == 0) begin : issue
`ifdef rdq_row_gen
      wire [`rdq_row_width-1:0] row;
      dut dut (
        .clock(clock), .reset(reset), .tvalid(tvalid), .tready(tready), .ask(ask), .hold(hold), .idle(idle),
        .init_we(init_we), .init_conn(init_conn), .init_gen(init_gen), .cons_we(cons_we), .cons_conn(cons_conn),
        .cons_head(cons_count), .rdq_we(store), .rdq_addr(addr), .rdq_row(row), .full(full), .bad(bad)
      );
      assign ask_conn = ask[`ask_conn];
      assign row_gen = row[`rdq_row_gen];
      wire [31:0] count = row[`rdq_row_count];
      assign row_count = count;
      assign first = 0;
      assign refuse = ask_conn > 1 || ask[`ask_gen] != gen;
      assign is_nic = 1'b0;
      assign nic_push = 1'b0;
      assign nic_full = 1'b0;
`endif
    end else begin : post
`ifdef rqe_row_gen
      wire [`rqe_row_width-1:0] row;
      wire [`init_row_width-1:0] init_row;
      assign init_row[`init_row_gen] = init_gen;
      assign init_row[`init_row_msn] = init_count;
      dut dut (
        .clock(clock), .reset(reset), .tvalid(tvalid), .tready(tready), .ask(ask), .hold(hold), .idle(idle),
        .init_we(init_we), .init_conn(init_conn), .init_row(init_row), .cons_we(cons_we), .cons_conn(cons_conn),
        .cons_smsn(cons_count), .rqe_we(store), .rqe_addr(addr), .rqe_row(row), .nic_push(nic_push),
        .nic_buf(), .nic_room(nic_room), .rq_full(full), .nic_full(nic_full), .bad(bad)
      );
      assign ask_conn = ask[`ask_rq];
      assign row_gen = row[`rqe_row_gen];
      wire [31:0] count = row[`rqe_row_msn];
      assign row_count = count;
      assign first = init_count;
      assign is_nic = ask_conn == NIC;
      assign refuse = !ask[`ask_single] || (is_nic ? ask[`ask_len] < FRAME : ask_conn > 1);
`endif
    end
  endgenerate
  `FORMAL_RESET

  // The slots of one connection.
  localparam M = 2 * SLOTS - 1;  // a block may know its counts modulo 2 * SLOTS only
  (* anyconst *) wire conn;
  reg known;
  reg [`cons_width-1:0] next, head, used;
  wire init = init_we && init_conn == conn;
  wire cons = cons_we && cons_conn == conn;
  wire [`cons_width-1:0] gone = cons_count - head;
  wire write = store && addr / SLOTS == conn;
  always @(*) if (begun) begin
    assume (init_conn < 2 && cons_conn < 2);
    if (init_we) assume (hold && idle);
    if (init) assume (cons && cons_count == first);
    else if (cons && known) assume (gone <= used);
  end
  always @(posedge clock)
    if (reset) known <= 1'b0;
    else if (init) begin
      known <= 1'b1;
      gen <= init_gen;
      next <= first;
      head <= first;
      used <= 0;
    end else if (known) begin
      if (write) next <= next + 1'b1;
      if (cons) head <= cons_count;
      used <= used + write - (cons ? gone : {`cons_width{1'b0}});
    end
  always @(*) if (begun && known) begin
    assert (used <= SLOTS);
    assert (used == next - head);
    if (write) begin
      assert (used < SLOTS);
      assert (addr == conn * SLOTS + (next & (SLOTS - 1)));
      assert ((row_count & M) == (next & M));
      assert (row_gen == gen);
    end
  end

  // Helps the induction: the table rows are what this checker believes. `p_*` are joined by formal/run.py.
  (* keep *) wire [`p_row_0_bits-1:0] p_row_0, p_row_1;
  (* keep *) wire [`p_cons_0_bits-1:0] p_cons_0, p_cons_1;
  wire [`p_row_0_bits-1:0] p_row = conn ? p_row_1 : p_row_0;
  wire [`p_cons_0_bits-1:0] p_cons = conn ? p_cons_1 : p_cons_0;
  localparam CW = `cons_width;
  localparam NW = `p_row_0_bits - 8 < CW ? `p_row_0_bits - 8 : CW;
  localparam HW = `p_cons_0_bits < CW ? `p_cons_0_bits : CW;
  always @(*) if (HELP != 0 && begun && known) begin
    assert (p_row[7:0] == gen);
    assert (p_row[8 +: NW] == next[NW-1:0]);
    assert (p_cons[HW-1:0] == head[HW-1:0]);
  end

  // A beat under way, and what was known when it was taken.
  reg v1, v2, v3, mine, wrong, nic, had;
  wire take = tvalid && tready;
  always @(posedge clock) begin
    v1 <= take && !reset;
    v2 <= v1 && !reset;
    v3 <= v2 && !reset;
    if (take) begin
      mine <= known && ask_conn == conn && !is_nic;
      wrong <= refuse;
      nic <= is_nic;
      had <= used < SLOTS;
    end
  end
  always @(*) if (begun) begin
    assert (idle == !(v1 || v2 || v3));
    assert (tready == (idle && !hold));
    assert (store + full + bad + nic_push + nic_full == v3);
    if (v3 && mine) begin
      assert (bad == wrong);
      if (!wrong) assert (store == had && full == !had);
      if (store) assert (write);
    end
    if (v3 && nic) assert (bad == wrong);
    if (v3 && nic && !wrong) assert (nic_push == nic_room && nic_full == !nic_room);
  end
endmodule
