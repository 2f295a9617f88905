// structs: traps::traps::Structs
module structs (
  input  wire [14:0] tag, // id[7:0] kind[9:8] port[13:10] valid[14]
  input  wire [14:0] other, // id[7:0] kind[9:8] port[13:10] valid[14]
  output reg  [3:0]  code,
  output reg  [14:0] changed, // id[7:0] kind[9:8] port[13:10] valid[14]
  output wire [14:0] built, // id[7:0] kind[9:8] port[13:10] valid[14]
  output wire        same,
  output wire        same_id
);

  localparam [1:0] Kind_Data = 2'h1;
  localparam [1:0] Kind_Idle = 2'h0;
  localparam [1:0] Kind_Last = 2'h2;

  always @* begin
    changed = tag;
    changed[9:8] = Kind_Data;
  end
  assign built[7:0] = 8'ha5;
  assign built[9:8] = Kind_Last;
  assign built[13:10] = tag[13:10];
  assign built[14] = 1'b1;
  assign same = tag == other;
  assign same_id = tag[7:0] == other[7:0];
  always @* begin
    case (tag[9:8])
      Kind_Idle: begin
        code = 4'h1;
      end
      Kind_Data: begin
        code = 4'h2;
      end
      default: begin
        code = 4'h4;
      end
    endcase
  end
endmodule

