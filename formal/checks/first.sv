// FindFirst: never more than one grant, only to a request, to the lowest one; `index` is its number; `any` says that
// there is one. So while somebody asks, somebody is served. Fixed priority: freedom from starvation is not claimed.
module check #(
  parameter N = 8,
  parameter L = 3
) (
  input [N-1:0] req
);
  wire [N-1:0] grant;
  wire [L-1:0] index;
  wire any;
  dut dut (.req(req), .grant(grant), .index(index), .any(any));
  integer i;
  reg [L-1:0] low;
  always @(*) begin
    low = 0;
    for (i = N - 1; i >= 0; i = i - 1) if (req[i]) low = i;
    assert (any == (req != 0));
    assert (index == low);
    assert (grant == ((req != 0) ? ({{(N-1){1'b0}}, 1'b1} << low) : 0));
    assert ((grant & (grant - 1'b1)) == 0);
    assert ((grant & ~req) == 0);
  end
endmodule
