// FieldCapture and PayloadCapture: an arbitrary captured octet holds the last octet that came at its place in the frame,
// shows one cycle after its beat (on `header_next` in the cycle of its beat) and no other beat touches it. WHICH selects
// the block.
//
// Assumes, for PayloadCapture: `hh` is constant, as its contract demands from the first captured beat to the last. WHICH 2
// is the one told its beat a cycle ahead: the upper bits of `hh` are zero then.
module check #(
  parameter D = 64,
  parameter WHICH = 0
) (
  input clock,
  input en,
  input [12:0] beat,
  input [D-1:0] data
);
  localparam K = D / 8;
  localparam LK = $clog2(K);
  (* anyconst *) wire [7:0] octet;
  (* anyconst *) wire [7:0] hh;
  // Where the octet stands in the frame, where in the output.
  wire [9:0] place;
  wire [8:0] low;
  // Padded, so that no index is out of range.
  wire [519:0] header, header_next;
  // The beat that `data` is.
  reg told = 1'b0;
  reg [12:0] beat_q;
  always @(posedge clock) begin
    told <= 1'b1;
    beat_q <= beat;
  end
  wire [12:0] at = WHICH == 2 ? beat_q : beat;
  generate
    if (WHICH == 0) begin : field
      // ethertype: octets 12 and 13, then octets 30 to 33, each first octet most significant
      wire [47:0] hdr;
      dut dut (.clock(clock), .en(en), .beat(beat), .data(data), .moved(1'b0), .hdr(hdr));
      always @(*) assume (octet < 6);
      assign place = octet < 2 ? 12 + octet : 28 + octet;
      assign low = octet < 2 ? 8 - 8 * octet : 16 + 8 * (5 - octet);
      assign header = hdr;
      assign header_next = 0;
    end else begin : payload
      wire [383:0] h, n;
      dut dut (.clock(clock), .en(en), .beat(beat), .data(data), .hh(hh), .header(h), .header_next(n));
      assign header = h;
      assign header_next = n;
      always @(*) assume (octet < 48);
      always @(*) if (WHICH == 2) assume (hh < K / 2 && (told || !en));
      assign place = 2 * hh + octet;
      assign low = 8 * octet;
    end
  endgenerate
  wire now = en && at == (place >> LK);
  wire [7:0] in = data[{place[LK-1:0], 3'b000} +: 8];
  reg known = 1'b0;
  reg [7:0] was;
  always @(posedge clock) if (now) begin
    known <= 1'b1;
    was <= in;
  end
  always @(*) begin
    if (known) assert (header[low +: 8] == was);
    if (WHICH != 0 && (known || now)) assert (header_next[low +: 8] == (now ? in : was));
  end
endmodule
