// labels: traps::traps::Labels
module labels (
  input  wire [7:0] a,
  input  wire       flag,
  output reg  [7:0] o,
  output reg  [1:0] p
);

  always @* begin
    o = 8'h0;
    case (a)
      8'h3: begin
        o = 8'h1;
      end
      8'h1f: begin
        o = 8'h2;
      end
      8'h80: begin
        o = 8'h3;
      end
      8'hc8: begin
        o = 8'h4;
      end
      default: ;
    endcase
  end
  always @* begin
    case (flag)
      1'b1: begin
        p = 2'h2;
      end
      default: begin
        p = 2'h1;
      end
    endcase
  end
endmodule

