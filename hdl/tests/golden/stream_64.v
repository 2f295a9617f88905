// stream.p[0].skid and 1 more
module stream_p_skid (
  input  wire        clock,
  input  wire        reset,
  input  wire [63:0] rx_tdata,
  input  wire [7:0]  rx_tkeep,
  input  wire        rx_tlast,
  input  wire        rx_tvalid,
  output wire        rx_tready,
  output reg  [63:0] tx_tdata,
  output reg  [7:0]  tx_tkeep,
  output reg         tx_tlast,
  output wire        tx_tvalid,
  input  wire        tx_tready
);

  reg  full_d;
  reg  full_q;
  reg  [63:0] data_d;
  reg  [63:0] data_q;
  reg  [7:0] keep_d;
  reg  [7:0] keep_q;
  reg  last_d;
  reg  last_q;

  assign rx_tready = ~full_q;
  assign tx_tvalid = full_q | rx_tvalid;
  always @* begin
    tx_tdata = rx_tdata;
    if (full_q) begin
      tx_tdata = data_q;
    end
  end
  always @* begin
    tx_tkeep = rx_tkeep;
    if (full_q) begin
      tx_tkeep = keep_q;
    end
  end
  always @* begin
    tx_tlast = rx_tlast;
    if (full_q) begin
      tx_tlast = last_q;
    end
  end
  always @* begin
    full_d = full_q;
    if (full_q) begin
      if (tx_tready) begin
        full_d = 1'b0;
      end
    end else begin
      if (rx_tvalid & (~tx_tready)) begin
        full_d = 1'b1;
      end
    end
  end
  always @* begin
    data_d = data_q;
    if (!(full_q)) begin
      data_d = rx_tdata;
    end
  end
  always @* begin
    keep_d = keep_q;
    if (!(full_q)) begin
      keep_d = rx_tkeep;
    end
  end
  always @* begin
    last_d = last_q;
    if (!(full_q)) begin
      last_d = rx_tlast;
    end
  end

  always @(posedge clock) if (reset) full_q <= 1'b0; else full_q <= full_d;
  always @(posedge clock) data_q <= data_d;
  always @(posedge clock) keep_q <= keep_d;
  always @(posedge clock) last_q <= last_d;
`ifndef SYNTHESIS
  reg tx_rule_held;
  always @(posedge clock) tx_rule_held <= !reset && tx_tvalid && !tx_tready;
  always @(posedge clock) if (!reset && tx_rule_held && !tx_tvalid) $error("%m: tx_tvalid drops before tx_tready");
  reg [72:0] tx_rule_was;
  always @(posedge clock) tx_rule_was <= {tx_tdata, tx_tkeep, tx_tlast};
  always @(posedge clock) if (!reset && tx_rule_held && tx_tvalid && tx_rule_was != {tx_tdata, tx_tkeep, tx_tlast}) $error("%m: what tx_tvalid offers changes before tx_tready");
`endif
endmodule

// stream.p[0].rot and 1 more (custom text)
module stream_p_rot (
  input  wire [63:0] din,
  input  wire [2:0]  amt,
  output wire [63:0] dout
);

  wire [63:0] s0 = din;
  wire [63:0] s1 = amt[0] ? {s0[7:0], s0[63:8]} : s0;
  wire [63:0] s2 = amt[1] ? {s1[15:0], s1[63:16]} : s1;
  wire [63:0] s3 = amt[2] ? {s2[31:0], s2[63:32]} : s2;
  assign dout = s3;
endmodule

// stream.p[0] and 1 more
module stream_p (
  input  wire        clock,
  input  wire        reset,
  input  wire [63:0] rx_tdata,
  input  wire [7:0]  rx_tkeep,
  input  wire        rx_tlast,
  input  wire        rx_tvalid,
  output wire        rx_tready,
  output wire [63:0] tx_tdata,
  output wire [7:0]  tx_tkeep,
  output wire        tx_tlast,
  output wire        tx_tvalid,
  input  wire        tx_tready,
  output wire [55:0] hdr, // ethertype[15:0] proto[23:16] src[55:24]
  output wire [15:0] good
);

  localparam [1:0] State_Check = 2'h1;
  localparam [1:0] State_Hdr = 2'h0;
  localparam [1:0] State_Payload = 2'h2;
  localparam [2:0] amount = 3'h2;
  localparam [15:0] ipv4 = 16'h800;

  wire fire;
  wire ok;
  wire [63:0] skid_rx_tdata;
  wire [7:0] skid_rx_tkeep;
  wire skid_rx_tlast;
  wire skid_rx_tvalid;
  wire skid_rx_tready;
  wire [63:0] skid_tx_tdata;
  wire [7:0] skid_tx_tkeep;
  wire skid_tx_tlast;
  wire skid_tx_tvalid;
  wire skid_tx_tready;
  wire [63:0] rot_din;
  wire [2:0] rot_amt;
  wire [63:0] rot_dout;
  reg  [1:0] state_d;
  reg  [1:0] state_q;
  reg  [7:0] beat_d;
  reg  [7:0] beat_q;
  reg  [15:0] count_d;
  reg  [15:0] count_q;
  reg  [55:0] header_d;
  reg  [55:0] header_q;

  stream_p_skid skid (
    .clock(clock),
    .reset(reset),
    .rx_tdata(skid_rx_tdata),
    .rx_tkeep(skid_rx_tkeep),
    .rx_tlast(skid_rx_tlast),
    .rx_tvalid(skid_rx_tvalid),
    .rx_tready(skid_rx_tready),
    .tx_tdata(skid_tx_tdata),
    .tx_tkeep(skid_tx_tkeep),
    .tx_tlast(skid_tx_tlast),
    .tx_tvalid(skid_tx_tvalid),
    .tx_tready(skid_tx_tready)
  );
  stream_p_rot rot (
    .din(rot_din),
    .amt(rot_amt),
    .dout(rot_dout)
  );

  assign skid_rx_tdata = rx_tdata;
  assign skid_rx_tkeep = rx_tkeep;
  assign skid_rx_tlast = rx_tlast;
  assign skid_rx_tvalid = rx_tvalid;
  assign rx_tready = skid_rx_tready;
  assign fire = skid_tx_tvalid & tx_tready;
  assign skid_tx_tready = tx_tready;
  assign rot_din = skid_tx_tdata;
  assign rot_amt = amount;
  assign tx_tdata = rot_dout;
  assign tx_tkeep = skid_tx_tkeep;
  assign tx_tlast = skid_tx_tlast;
  assign tx_tvalid = skid_tx_tvalid;
  assign hdr = header_q;
  assign good = count_q;
  assign ok = (header_q[15:0] == ipv4) & (header_q[23:16] == 8'h11);
  always @* begin
    beat_d = beat_q;
    if (fire) begin
      beat_d = beat_q + 8'h1;
      if (skid_tx_tlast) begin
        beat_d = 8'h0;
      end
    end
  end
  always @* begin
    header_d = header_q;
    case (state_q)
      State_Hdr: begin
        if (fire) begin
          header_d[15:0] = skid_tx_tdata[15:0];
          header_d[23:16] = skid_tx_tdata[23:16];
          header_d[55:24] = skid_tx_tdata[55:24];
        end
      end
      State_Check: ;
      default: ;
    endcase
  end
  always @* begin
    state_d = state_q;
    case (state_q)
      State_Hdr: begin
        if (fire) begin
          state_d = State_Check;
        end
      end
      State_Check: begin
        state_d = State_Payload;
      end
      default: begin
        if (beat_q == 8'h0) begin
          state_d = State_Hdr;
        end
      end
    endcase
  end
  always @* begin
    count_d = count_q;
    case (state_q)
      State_Hdr: ;
      State_Check: begin
        if (ok) begin
          count_d = count_q + 16'h1;
        end
      end
      default: ;
    endcase
  end

  always @(posedge clock) if (reset) state_q <= 2'h0; else state_q <= state_d;
  always @(posedge clock) if (reset) beat_q <= 8'h0; else beat_q <= beat_d;
  always @(posedge clock) if (reset) count_q <= 16'h5; else count_q <= count_d;
  always @(posedge clock) header_q <= header_d;
`ifndef SYNTHESIS
  reg tx_rule_held;
  always @(posedge clock) tx_rule_held <= !reset && tx_tvalid && !tx_tready;
  always @(posedge clock) if (!reset && tx_rule_held && !tx_tvalid) $error("%m: tx_tvalid drops before tx_tready");
  reg [72:0] tx_rule_was;
  always @(posedge clock) tx_rule_was <= {tx_tdata, tx_tkeep, tx_tlast};
  always @(posedge clock) if (!reset && tx_rule_held && tx_tvalid && tx_rule_was != {tx_tdata, tx_tkeep, tx_tlast}) $error("%m: what tx_tvalid offers changes before tx_tready");
`endif
endmodule

// stream: emit::stream::Top<64, 8, 3>
module stream (
  input  wire        clock,
  input  wire        reset,
  input  wire [63:0] rx_0_tdata,
  input  wire [7:0]  rx_0_tkeep,
  input  wire        rx_0_tlast,
  input  wire        rx_0_tvalid,
  output wire        rx_0_tready,
  input  wire [63:0] rx_1_tdata,
  input  wire [7:0]  rx_1_tkeep,
  input  wire        rx_1_tlast,
  input  wire        rx_1_tvalid,
  output wire        rx_1_tready,
  output wire [63:0] tx_0_tdata,
  output wire [7:0]  tx_0_tkeep,
  output wire        tx_0_tlast,
  output wire        tx_0_tvalid,
  input  wire        tx_0_tready,
  output wire [63:0] tx_1_tdata,
  output wire [7:0]  tx_1_tkeep,
  output wire        tx_1_tlast,
  output wire        tx_1_tvalid,
  input  wire        tx_1_tready,
  output wire [31:0] src,
  output wire [31:0] good
);

  wire [63:0] p_0_rx_tdata;
  wire [7:0] p_0_rx_tkeep;
  wire p_0_rx_tlast;
  wire p_0_rx_tvalid;
  wire p_0_rx_tready;
  wire [63:0] p_0_tx_tdata;
  wire [7:0] p_0_tx_tkeep;
  wire p_0_tx_tlast;
  wire p_0_tx_tvalid;
  wire p_0_tx_tready;
  /* verilator lint_off UNUSEDSIGNAL */ // output not read in full
  wire [55:0] p_0_hdr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [15:0] p_0_good;
  wire [63:0] p_1_rx_tdata;
  wire [7:0] p_1_rx_tkeep;
  wire p_1_rx_tlast;
  wire p_1_rx_tvalid;
  wire p_1_rx_tready;
  wire [63:0] p_1_tx_tdata;
  wire [7:0] p_1_tx_tkeep;
  wire p_1_tx_tlast;
  wire p_1_tx_tvalid;
  wire p_1_tx_tready;
  /* verilator lint_off UNUSEDSIGNAL */ // output not read in full
  wire [55:0] p_1_hdr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [15:0] p_1_good;

  stream_p p_0 (
    .clock(clock),
    .reset(reset),
    .rx_tdata(p_0_rx_tdata),
    .rx_tkeep(p_0_rx_tkeep),
    .rx_tlast(p_0_rx_tlast),
    .rx_tvalid(p_0_rx_tvalid),
    .rx_tready(p_0_rx_tready),
    .tx_tdata(p_0_tx_tdata),
    .tx_tkeep(p_0_tx_tkeep),
    .tx_tlast(p_0_tx_tlast),
    .tx_tvalid(p_0_tx_tvalid),
    .tx_tready(p_0_tx_tready),
    .hdr(p_0_hdr),
    .good(p_0_good)
  );
  stream_p p_1 (
    .clock(clock),
    .reset(reset),
    .rx_tdata(p_1_rx_tdata),
    .rx_tkeep(p_1_rx_tkeep),
    .rx_tlast(p_1_rx_tlast),
    .rx_tvalid(p_1_rx_tvalid),
    .rx_tready(p_1_rx_tready),
    .tx_tdata(p_1_tx_tdata),
    .tx_tkeep(p_1_tx_tkeep),
    .tx_tlast(p_1_tx_tlast),
    .tx_tvalid(p_1_tx_tvalid),
    .tx_tready(p_1_tx_tready),
    .hdr(p_1_hdr),
    .good(p_1_good)
  );

  assign p_0_rx_tdata = rx_0_tdata;
  assign p_0_rx_tkeep = rx_0_tkeep;
  assign p_0_rx_tlast = rx_0_tlast;
  assign p_0_rx_tvalid = rx_0_tvalid;
  assign rx_0_tready = p_0_rx_tready;
  assign tx_0_tdata = p_0_tx_tdata;
  assign tx_0_tkeep = p_0_tx_tkeep;
  assign tx_0_tlast = p_0_tx_tlast;
  assign tx_0_tvalid = p_0_tx_tvalid;
  assign p_0_tx_tready = tx_0_tready;
  assign p_1_rx_tdata = rx_1_tdata;
  assign p_1_rx_tkeep = rx_1_tkeep;
  assign p_1_rx_tlast = rx_1_tlast;
  assign p_1_rx_tvalid = rx_1_tvalid;
  assign rx_1_tready = p_1_rx_tready;
  assign tx_1_tdata = p_1_tx_tdata;
  assign tx_1_tkeep = p_1_tx_tkeep;
  assign tx_1_tlast = p_1_tx_tlast;
  assign tx_1_tvalid = p_1_tx_tvalid;
  assign p_1_tx_tready = tx_1_tready;
  assign src = p_0_hdr[55:24];
  assign good = {16'b0, p_0_good} | ({16'b0, p_1_good} << 16);
`ifndef SYNTHESIS
  reg tx_0_rule_held;
  always @(posedge clock) tx_0_rule_held <= !reset && tx_0_tvalid && !tx_0_tready;
  always @(posedge clock) if (!reset && tx_0_rule_held && !tx_0_tvalid) $error("%m: tx_0_tvalid drops before tx_0_tready");
  reg [72:0] tx_0_rule_was;
  always @(posedge clock) tx_0_rule_was <= {tx_0_tdata, tx_0_tkeep, tx_0_tlast};
  always @(posedge clock) if (!reset && tx_0_rule_held && tx_0_tvalid && tx_0_rule_was != {tx_0_tdata, tx_0_tkeep, tx_0_tlast}) $error("%m: what tx_0_tvalid offers changes before tx_0_tready");
  reg tx_1_rule_held;
  always @(posedge clock) tx_1_rule_held <= !reset && tx_1_tvalid && !tx_1_tready;
  always @(posedge clock) if (!reset && tx_1_rule_held && !tx_1_tvalid) $error("%m: tx_1_tvalid drops before tx_1_tready");
  reg [72:0] tx_1_rule_was;
  always @(posedge clock) tx_1_rule_was <= {tx_1_tdata, tx_1_tkeep, tx_1_tlast};
  always @(posedge clock) if (!reset && tx_1_rule_held && tx_1_tvalid && tx_1_rule_was != {tx_1_tdata, tx_1_tkeep, tx_1_tlast}) $error("%m: what tx_1_tvalid offers changes before tx_1_tready");
`endif
endmodule

