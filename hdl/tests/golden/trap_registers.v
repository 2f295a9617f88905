// registers: traps::traps::Registers
module registers (
  input  wire        clock,
  input  wire        reset,
  input  wire        en,
  input  wire        clear,
  output wire [7:0]  count,
  output wire [7:0]  next,
  output wire [7:0]  data,
  output wire [1:0]  kind,
  output wire [14:0] tag // id[7:0] kind[9:8] port[13:10] valid[14]
);

  localparam [1:0] Kind_Data = 2'h1;
  localparam [1:0] Kind_Idle = 2'h0;
  localparam [1:0] Kind_Last = 2'h2;

  reg  [7:0] counter_d;
  reg  [7:0] counter_q;
  reg  [7:0] plain_d;
  reg  [7:0] plain_q;
  reg  [1:0] state_d;
  reg  [1:0] state_q;
  reg  [14:0] tagged_d;
  reg  [14:0] tagged_q;

  always @* begin
    counter_d = counter_q;
    if (en) begin
      counter_d = counter_q + 8'h1;
    end
    if (clear) begin
      counter_d = 8'h0;
    end
  end
  always @* begin
    plain_d = plain_q;
    if (en) begin
      plain_d = counter_q;
    end
  end
  always @* begin
    tagged_d = tagged_q;
    if (en) begin
      tagged_d[13:10] = tagged_q[13:10] + 4'h1;
    end
  end
  always @* begin
    state_d = state_q;
    if (en) begin
      case (state_q)
        Kind_Data: begin
          state_d = Kind_Last;
        end
        Kind_Last: begin
          state_d = Kind_Idle;
        end
        default: ;
      endcase
    end
  end
  assign next = counter_d;
  assign count = counter_q;
  assign data = plain_q;
  assign kind = state_q;
  assign tag = tagged_q;

  always @(posedge clock) if (reset) counter_q <= 8'h42; else counter_q <= counter_d;
  always @(posedge clock) plain_q <= plain_d;
  always @(posedge clock) if (reset) state_q <= 2'h1; else state_q <= state_d;
  always @(posedge clock) if (reset) tagged_q <= 15'h4a01; else tagged_q <= tagged_d;
endmodule

