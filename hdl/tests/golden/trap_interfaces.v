// interfaces.source[0] and 1 more
module interfaces_source (
  input  wire [7:0] a,
  output wire [7:0] m_stream_tdata,
  output wire       m_stream_tkeep,
  output wire       m_stream_tlast,
  output wire       m_stream_tvalid,
  input  wire       m_stream_tready,
  output wire       m_extra
);

  assign m_stream_tdata = a;
  assign m_stream_tkeep = 1'b1;
  assign m_stream_tlast = 1'b0;
  assign m_stream_tvalid = 1'b1;
  assign m_extra = m_stream_tready;
endmodule

// interfaces.sink[0] and 1 more
module interfaces_sink (
  input  wire [7:0] s_stream_tdata,
  input  wire       s_stream_tkeep,
  input  wire       s_stream_tlast,
  input  wire       s_stream_tvalid,
  output wire       s_stream_tready,
  input  wire       s_extra,
  output reg  [7:0] o,
  input  wire       ready
);

  wire unused;

  assign s_stream_tready = ready;
  always @* begin
    o = 8'h0;
    if (s_stream_tvalid && s_extra) begin
      o = s_stream_tdata + 8'h1;
    end
  end
  assign unused = s_stream_tkeep | s_stream_tlast;
endmodule

// interfaces: traps::traps::Interfaces
module interfaces (
  input  wire [7:0] a_0,
  input  wire [7:0] a_1,
  input  wire [1:0] ready,
  output wire [7:0] o_0,
  output wire [7:0] o_1
);

  wire [7:0] source_0_a;
  wire [7:0] source_0_m_stream_tdata;
  wire source_0_m_stream_tkeep;
  wire source_0_m_stream_tlast;
  wire source_0_m_stream_tvalid;
  wire source_0_m_stream_tready;
  wire source_0_m_extra;
  wire [7:0] source_1_a;
  wire [7:0] source_1_m_stream_tdata;
  wire source_1_m_stream_tkeep;
  wire source_1_m_stream_tlast;
  wire source_1_m_stream_tvalid;
  wire source_1_m_stream_tready;
  wire source_1_m_extra;
  wire [7:0] sink_0_s_stream_tdata;
  wire sink_0_s_stream_tkeep;
  wire sink_0_s_stream_tlast;
  wire sink_0_s_stream_tvalid;
  wire sink_0_s_stream_tready;
  wire sink_0_s_extra;
  wire [7:0] sink_0_o;
  wire sink_0_ready;
  wire [7:0] sink_1_s_stream_tdata;
  wire sink_1_s_stream_tkeep;
  wire sink_1_s_stream_tlast;
  wire sink_1_s_stream_tvalid;
  wire sink_1_s_stream_tready;
  wire sink_1_s_extra;
  wire [7:0] sink_1_o;
  wire sink_1_ready;

  interfaces_source source_0 (
    .a(source_0_a),
    .m_stream_tdata(source_0_m_stream_tdata),
    .m_stream_tkeep(source_0_m_stream_tkeep),
    .m_stream_tlast(source_0_m_stream_tlast),
    .m_stream_tvalid(source_0_m_stream_tvalid),
    .m_stream_tready(source_0_m_stream_tready),
    .m_extra(source_0_m_extra)
  );
  interfaces_source source_1 (
    .a(source_1_a),
    .m_stream_tdata(source_1_m_stream_tdata),
    .m_stream_tkeep(source_1_m_stream_tkeep),
    .m_stream_tlast(source_1_m_stream_tlast),
    .m_stream_tvalid(source_1_m_stream_tvalid),
    .m_stream_tready(source_1_m_stream_tready),
    .m_extra(source_1_m_extra)
  );
  interfaces_sink sink_0 (
    .s_stream_tdata(sink_0_s_stream_tdata),
    .s_stream_tkeep(sink_0_s_stream_tkeep),
    .s_stream_tlast(sink_0_s_stream_tlast),
    .s_stream_tvalid(sink_0_s_stream_tvalid),
    .s_stream_tready(sink_0_s_stream_tready),
    .s_extra(sink_0_s_extra),
    .o(sink_0_o),
    .ready(sink_0_ready)
  );
  interfaces_sink sink_1 (
    .s_stream_tdata(sink_1_s_stream_tdata),
    .s_stream_tkeep(sink_1_s_stream_tkeep),
    .s_stream_tlast(sink_1_s_stream_tlast),
    .s_stream_tvalid(sink_1_s_stream_tvalid),
    .s_stream_tready(sink_1_s_stream_tready),
    .s_extra(sink_1_s_extra),
    .o(sink_1_o),
    .ready(sink_1_ready)
  );

  assign sink_0_s_stream_tdata = source_0_m_stream_tdata;
  assign sink_0_s_stream_tkeep = source_0_m_stream_tkeep;
  assign sink_0_s_stream_tlast = source_0_m_stream_tlast;
  assign sink_0_s_stream_tvalid = source_0_m_stream_tvalid;
  assign source_0_m_stream_tready = sink_0_s_stream_tready;
  assign sink_0_s_extra = source_0_m_extra;
  assign source_0_a = a_0;
  assign sink_0_ready = ready[0];
  assign o_0 = sink_0_o;
  assign sink_1_s_stream_tdata = source_1_m_stream_tdata;
  assign sink_1_s_stream_tkeep = source_1_m_stream_tkeep;
  assign sink_1_s_stream_tlast = source_1_m_stream_tlast;
  assign sink_1_s_stream_tvalid = source_1_m_stream_tvalid;
  assign source_1_m_stream_tready = sink_1_s_stream_tready;
  assign sink_1_s_extra = source_1_m_extra;
  assign source_1_a = a_1;
  assign sink_1_ready = ready[1];
  assign o_1 = sink_1_o;
endmodule

