"""What `make formal` proves: one line a proof, and the mutants that each class of proofs must refute.

An engine is `("induction", k)`, k-induction by z3 over k cycles, or `("pdr",)`, an inductive invariant that abc's
property directed reachability finds by itself. Blocks without state have `("inputs", solver)`: every input, one cycle.
"""

from dataclasses import dataclass, field


@dataclass
class Mutant:
    """A change of the emitted text that must break the proof: `old` must be there exactly once."""

    name: str
    old: str
    new: str


@dataclass
class Proof:
    """`dut` is a text of formal_emit, `check` a file of formal/checks, `params` its parameters.

    `probes` joins an undriven wire of the checker to a net of the flattened block. They only help the induction: mutants
    are refuted without them, by what is claimed of the ports.
    """

    dut: str
    check: str
    claim: str
    engine: tuple
    params: dict = field(default_factory=dict)
    mutants: list = field(default_factory=list)
    probes: dict = field(default_factory=dict)
    long: bool = False  # takes more than ten seconds
    name: str = ""

    def __post_init__(self):
        self.name = self.name or self.dut


def induction(depth):
    return ("induction", depth)


PDR = ("pdr",)
COMB = ("inputs", "z3")
COMB_SAT = ("inputs", "abc")


def fifo(dut, bits, mutants=(), bypass=0, headed=0):
    """A FIFO of 2^bits items of 4 bits, every claim, by induction."""
    names = ("free", "wp", "rp", "some", "no_room") + ("rp_next",) * headed
    probes = {f"p_{x}": f"\\dut.{x}" for x in names}
    probes["p_mem"] = ",".join(f"\\dut.mem[{i}]" for i in reversed(range(1 << bits)))
    params = {"A": bits, "BYPASS": bypass, "HEADED": headed, "HELP": 1}
    return Proof(dut, "fifo", NO_LOSS, induction(2), params, list(mutants), probes)


def fifo_control(dut, bits, mutants=(), bypass=0):
    """The control of a FIFO that is too deep to follow an item."""
    probes = {f"p_{x}": f"\\dut.{x}" for x in ("free", "some", "no_room")}
    params = {"W": 1, "A": bits, "BYPASS": bypass, "DATA": 0, "HELP": 1}
    return Proof(dut, "fifo", EXACT, induction(2), params, list(mutants), probes)


def server(dut, check, claim, params, tables, mutants, depth=5):
    """A table server of two connections; `tables` are its RAMs, both rows of each a probe. The depth is what a beat takes
    from the port to the table and back."""
    probes = {f"p_{x}_{i}": f"\\{ram}.mem[{i}]" for x, ram in tables.items() for i in (0, 1)}
    return Proof(dut, check, claim, induction(depth), {**params, "HELP": 1}, mutants, probes)


NO_LOSS = "nothing lost, order kept, full, room and valid exact"
EXACT = "full, room and valid exact"
SLOT_PROBES = {
    "p_head": "\\dut.head_q", "p_last": "\\dut.last_q", "p_count": "\\dut.count_q", "p_done": "\\dut.done_q",
    "p_full": "\\dut.full_q",
    "p_ends": ",".join(f"\\dut.ends.mem[{i}]" for i in (3, 2, 1, 0)),
}
BEAT_PROBES = {
    "p_wp": "\\dut.wp_q", "p_rp": "\\dut.rp_q", "p_stored": "\\dut.stored_q", "p_count": "\\dut.count_q",
    "p_rdata": "\\dut.data_rdata", "p_rkeep": "\\dut.keep_rdata", "p_rflag": "\\dut.flag_rdata",
    **{f"p_{x}": ",".join(f"\\dut.{x}.mem[{i}]" for i in (3, 2, 1, 0)) for x in ("data", "keep", "flag")},
}
CREDIT = "never writes a slot in use, credit never negative, one answer a beat"
FLAT = "equals a flat memory"

PROOFS = [
    # FIFOs
    fifo("fifo_a1", 1),
    fifo("fifo_a2", 2, [
        Mutant("full one late", "(free == 3'd1)", "(free == 3'd0)"),
        Mutant("full one early", "(free == 3'd1)", "(free == 3'd2)"),
        Mutant("push into full overwrites", "assign take = push && !no_room;", "assign take = push;"),
        Mutant("read pointer stays", "if (give) rp <= rp + 2'd1;", "if (give && !take) rp <= rp + 2'd1;"),
        Mutant("valid stays at the last pop", "(free != 3'd3)", "1'b1"),
    ]),
    fifo("fifo_a4", 4),
    fifo("fifo_sized", 3),
    fifo("headed_a1", 1, headed=1),
    fifo("headed_a2", 2, headed=1, mutants=[
        Mutant("no way past the RAM", "wire from_din = !some || (give && free == 3'd3);", "wire from_din = !some;"),
        Mutant("head one behind", "wire [1:0] rp_now = give ? rp_next : rp;", "wire [1:0] rp_now = rp;"),
    ]),
    Proof("fifo_narrow", "fifo", NO_LOSS + ", bits not kept are zero", PDR, {"W": 8, "A": 2, "KEEP": 0b01110011}, [
        Mutant("a field one bit short", "din[1:0]}", "1'b0, din[0]}"),
    ]),
    fifo_control("fifo_a9", 9, [
        Mutant("room does not saturate", "(|free[9:8]) ? 8'hff : free[7:0]", "free[7:0]"),
    ]),
    fifo("bypass_a1", 1, bypass=1),
    fifo("bypass_a2", 2, bypass=1, mutants=[
        Mutant("bypass hides what is held", "assign dout = some ? mem[rp] : din;", "assign dout = push ? din : mem[rp];"),
        Mutant("no bypass", "assign valid = some || push;", "assign valid = some;"),
        Mutant("passed item kept too", "assign give = pop && (some || push);", "assign give = pop && some;"),
    ]),
    fifo("bypass_a4", 4, bypass=1),
    fifo("bypass_headed_a1", 1, bypass=1, headed=1),
    fifo("bypass_headed_a2", 2, bypass=1, headed=1, mutants=[
        Mutant("no way past the RAM", "wire from_din = !some || (give && free == 3'd3);", "wire from_din = !some;"),
        Mutant("what passes moves the head on", "assign give = pop && (some || push);", "assign give = pop || push;"),
    ]),
    fifo_control("bypass_a9", 9, bypass=1),
    Proof("skid", "skid", "nothing lost, order kept, valid and data hold under back-pressure", PDR, {}, [
        Mutant("side register ignored", "head <= side_valid ? side : din;", "head <= din;"),
        Mutant("head overwritten while it waits", "wire advance = dout_ready || !head_valid;", "wire advance = 1'b1;"),
        Mutant("ready one cycle late", "ready <= !(park || (side_valid && !advance));", "ready <= !side_valid;"),
        Mutant("valid drops", "if (advance) head_valid <= side_valid || take;", "head_valid <= side_valid || take;"),
    ]),
    # Memories
    Proof("ram_l1", "ram", FLAT + ", old data on a collision, latency 1", PDR, {"LATENCY": 1}, [
        Mutant("wrong address", "if (we) mem[waddr] <= wdata;", "if (we) mem[raddr] <= wdata;"),
        Mutant("write needs a collision", "if (we) mem", "if (we && waddr == raddr) mem"),
    ]),
    Proof("ram_l2", "ram", FLAT + ", old data on a collision, latency 2", PDR, {"LATENCY": 2}, [
        Mutant("latency 1", "assign rdata = r2;", "assign rdata = r1;"),
    ]),
    Proof("ram_l3", "ram", FLAT + ", old data on a collision, latency 3, port wider than the depth", PDR,
          {"AP": 5, "LATENCY": 3}),
    Proof("ram_undefined", "ram", FLAT + " except on a collision", PDR, {"LATENCY": 2, "UNDEFINED": 1}),
    Proof("ram_sliced_2", "ram_sliced", FLAT + " except on a collision, rows in two slices", PDR, {"UNDEFINED": 1}),
    Proof("ram_sliced_2_late", "ram_sliced", FLAT + ", old data on a collision, rows in two slices, latency 3", PDR,
          {"W": 5, "AP": 3, "LATENCY": 3}, [
              Mutant("second part of the address at the port", "re ? {1'd0, raddr[1:0]} : {1'd1, rheld}",
                     "re ? {1'd0, raddr[1:0]} : {1'd1, raddr[1:0]}"),
              Mutant("second part of the next row", "re ? {1'd0, raddr[1:0]} : {1'd1, rheld}", "re ? {1'd0, raddr[1:0]} : {1'd0, rheld}"),
          ]),
    Proof("ram_sliced_3", "ram_sliced", FLAT + ", old data on a collision, rows in three slices", PDR,
          {"W": 6, "PARTS": 3, "LATENCY": 3}, [
              Mutant("parts written in another order", "w1 ? {2'd1, wheld} : {2'd2, wheld}", "w1 ? {2'd2, wheld} : {2'd1, wheld}"),
              Mutant("third part not written", "we | w1 | w2", "we | w1"),
          ]),
    Proof("ram_sliced_3", "ram_sliced", "a write every cycle: first slices " + FLAT, PDR,
          {"W": 6, "PARTS": 3, "LATENCY": 3, "CLEARS": 1}, [
              Mutant("the rest of a write goes on", "wire [3:0] wturn = we ? {2'd0, waddr[1:0]} : w1", "wire [3:0] wturn = (we && !w1) ? {2'd0, waddr[1:0]} : w1"),
          ], name="ram_sliced_3_clears"),
    Proof("ram_be", "ram", FLAT + ", byte enables", PDR, {"W": 16, "K": 2, "A": 2, "AP": 3, "LATENCY": 2}, [
        Mutant("enables swapped", "if (we[0])", "if (we[1] && we[0])"),
    ]),
    Proof("ram_be_undefined", "ram", FLAT + " except on a collision, byte enables", PDR,
          {"W": 16, "K": 2, "A": 2, "AP": 2, "LATENCY": 1, "UNDEFINED": 1}),
    Proof("ram_lut", "ram", FLAT + ", read in the same cycle", PDR, {"LATENCY": 0}, [
        Mutant("write ignored at address 5", "if (we) mem", "if (we && waddr != 3'd5) mem"),
    ]),
    Proof("ram_lut_sized", "ram", FLAT + ", read in the same cycle, port wider than the depth", PDR, {"AP": 5, "LATENCY": 0}),
    Proof("ram_keeping", "ram", FLAT + " in the bits that are kept, zero in the others", PDR, {"LATENCY": 2, "STORED": 7}),
    Proof("ram_narrow", "ram", FLAT + " in the bits that are kept, zero in the others", PDR,
          {"W": 8, "A": 2, "AP": 3, "LATENCY": 1, "STORED": 0b01110011}),
    Proof("ram_lanes", "ram", FLAT + " in the bits that are kept, zero in the others, lane enables", PDR,
          {"W": 16, "K": 4, "A": 2, "AP": 3, "LATENCY": 2, "STORED": 11}, [
              Mutant("enable of another lane", "if (we[2])", "if (we[1])"),
          ]),
    Proof("ram_rw", "ram", FLAT + " except on a collision, byte enables", PDR,
          {"W": 16, "K": 2, "A": 2, "AP": 3, "LATENCY": 2, "UNDEFINED": 1, "RW": 1}),
    Proof("ram_rw", "ram", FLAT + " at its write port too, in cycles without a write", PDR,
          {"W": 16, "K": 2, "A": 2, "AP": 3, "LATENCY": 2, "RW": 2}, [
              Mutant("reads the other address", "m1 <= mem[waddr", "m1 <= mem[raddr"),
          ], name="ram_rw_write_port"),
    Proof("ram_fwd", "ram", FLAT + ", a read sees the write of its cycle", PDR, {"AP": 5, "LATENCY": 1, "NEW": 1}, [
        Mutant("no forwarding", "hit ? from_write : from_array", "from_array"),
        Mutant("one address bit not compared", "(waddr[2:0] == raddr[2:0])", "(waddr[1:0] == raddr[1:0])"),
        Mutant("forwards without a write", "hit <= we && (", "hit <= ("),
    ]),
    Proof("clear_a4", "clear", "visits each address once, then done for good", PDR, {"AP": 4, "A": 4}, [
        Mutant("stops one early", "busy <= !(&count);", "busy <= !(&count[3:1]);"),
        Mutant("done is not final", "end else if (busy) begin", "end else begin"),
    ]),
    Proof("clear_sized", "clear", "visits each address once, then done for good", PDR, {"AP": 8, "A": 3}),
    Proof("registers", "registers", "holds, loads, resets", induction(2), {}, [
        Mutant("wrong reset value", "8'h5a", "8'h5b"),
        Mutant("does not hold", "without_d = without_q;", "without_d = 8'd0;"),
    ]),
    # Vectors
    Proof("first_2", "first", "grants one, the lowest", COMB, {"N": 2, "L": 1}),
    Proof("first_5", "first", "grants one, the lowest", COMB, {"N": 5, "L": 3}, [
        Mutant("two grants", "assign grant = first;", "assign grant = req;"),
        Mutant("prefix cut short", "p1 | {p1[2:0], 2'b0}", "p1"),
    ]),
    Proof("first_64", "first", "grants one, the lowest", COMB, {"N": 64, "L": 6}),
    Proof("bswap_64", "vector", "reverses the bytes", COMB, {"N": 64, "W": 1, "WHICH": 0}),
    Proof("pack_3x5", "vector", "joins the vectors, first lowest", COMB, {"N": 3, "WHICH": 1}, [
        Mutant("order", "{din_2, din_1, din_0}", "{din_2, din_0, din_1}"),
    ]),
    Proof("unpack_3x5", "vector", "cuts the vector, lowest first", COMB, {"N": 3, "WHICH": 2}),
    Proof("equal_29", "vector", "equality", COMB, {"N": 29, "W": 2, "WHICH": 3}, [
        Mutant("a group forgotten", "assign part[3] = a[28:24] == b[28:24];", "assign part[3] = 1'b1;"),
    ]),
    Proof("keep_to_len_8", "keep", "length of a keep", COMB, {"K": 8, "C": 4, "WHICH": 0}, [
        Mutant("full beat forgotten", "assign len[3] = |(edges & 8'h80);", "assign len[3] = 1'b0;"),
    ]),
    Proof("keep_to_len_64", "keep", "length of a keep", COMB, {"K": 64, "C": 7, "WHICH": 0}),
    Proof("len_to_keep_8", "keep", "keep of a length", COMB, {"K": 8, "C": 4, "WHICH": 1}),
    Proof("len_to_keep_64", "keep", "keep of a length", COMB, {"K": 64, "C": 7, "WHICH": 1}),
    Proof("lanes_from_8", "lanes", "lanes at or behind a position", COMB, {"K": 8, "WHICH": 0}, [
        Mutant("a beat too early", "here > at_beat", "here >= at_beat"),
    ]),
    Proof("lanes_from_64", "lanes", "lanes at or behind a position", COMB, {"K": 64, "WHICH": 0}),
    Proof("lanes_to_8", "lanes", "lanes up to a position", COMB, {"K": 8, "WHICH": 1}, [
        Mutant("a beat too late", "here < at_beat", "here <= at_beat"),
    ]),
    Proof("lanes_to_64", "lanes", "lanes up to a position", COMB, {"K": 64, "WHICH": 1}),
    Proof("apply_mask_64", "bytes", "keeps and inverts byte by byte", COMB, {"D": 64, "LK": 3, "WHICH": 0}, [
        Mutant("or for exclusive or", ") ^ {", ") | {"),
    ]),
    Proof("apply_mask_512", "bytes", "keeps and inverts byte by byte", COMB, {"D": 512, "LK": 6, "WHICH": 0}),
    Proof("rotate_64", "bytes", "rotates by any number of bytes", COMB, {"D": 64, "LK": 3, "WHICH": 1}, [
        Mutant("one stage missing", "amt[1] ?", "1'b0 ?"),
    ]),
    Proof("rotate_256", "bytes", "rotates by any number of bytes", COMB_SAT, {"D": 256, "LK": 5, "WHICH": 1}),
    Proof("merge_rotate_64", "bytes", "window over two beats", COMB, {"D": 64, "LK": 3, "WHICH": 2}, [
        Mutant("beats swapped", "(hi & below3) | (lo & ~below3)", "(lo & below3) | (hi & ~below3)"),
    ]),
    Proof("merge_rotate_256", "bytes", "window over two beats", COMB_SAT, {"D": 256, "LK": 5, "WHICH": 2}),
    Proof("sum_beat_64", "sum", "sum of the words of a beat", COMB, {"D": 64, "WHICH": 0}, [
        Mutant("octets of a word swapped", "mask[0] ? data[7:0] : 8'd0, mask[1] ? data[15:8] : 8'd0",
               "mask[1] ? data[15:8] : 8'd0, mask[0] ? data[7:0] : 8'd0"),
    ]),
    Proof("sum_groups_256", "sum", "sums of four quarters of a beat", COMB_SAT, {"D": 256, "WHICH": 1}),
    Proof("sum_join", "sum", "sum of four sums", COMB, {"D": 80, "WHICH": 2}),
    Proof("fold_sum", "sum", "end-around carry, zero only for zero", COMB, {"D": 32, "WHICH": 3}, [
        Mutant("carry dropped", "once[15:0] + {15'b0, once[16]}", "once[15:0]"),
    ]),
    Proof("field_capture_64", "capture", "each octet from its place in the frame", induction(2), {"D": 64, "WHICH": 0}, [
        Mutant("wrong beat", "beat == 13'd3", "beat == 13'd2"),
        Mutant("enable ignored", "if (en && (beat == 13'd1))", "if (beat == 13'd1)"),
    ]),
    Proof("payload_capture_64", "capture", "48 octets from any even place", induction(2), {"D": 64, "WHICH": 1}, [
        Mutant("late lanes off by one", "assign late[1] = first > 2'd2;", "assign late[1] = first >= 2'd2;"),
    ]),
    Proof("payload_capture_ahead", "capture", "48 octets, the beat told a cycle ahead", induction(2), {"D": 64, "WHICH": 2}, [
        Mutant("the beat told is this one", "wire at3 = en && is3;", "wire at3 = en && (rel == 13'd3);"),
    ]),
    Proof("payload_capture_128", "capture", "48 octets from any even place", induction(2), {"D": 128, "WHICH": 1}, long=True),
    # Table servers of the receive path
    server("issue_server", "credit", CREDIT, {"WHICH": 0, "SLOTS": 2}, {"row": "issue.dut.issued", "cons": "issue.dut.consumed"}, [
        Mutant("one slot too many", "used >= slots", "used > slots"),
    ], depth=6),
    server("post_server", "credit", CREDIT, {"WHICH": 1, "SLOTS": 2, "FRAME": 64}, {"row": "post.dut.posted", "cons": "post.dut.consumed"}, [
        Mutant("host buffer without room", "nic_q_q & nic_room;", "nic_q_q;"),
        Mutant("short host buffer", " | (is_nic & short_q)", ""),
    ], depth=6),
    server("done_server", "done", "counts every beat of its generation once", {}, {"row": "dut.answered"}, [
        Mutant("takes a beat too early", "assign free = (~s1_q) & (~s2_q);", "assign free = ~s1_q;"),
        Mutant("generation not compared", " | (held_q[27:20] != row[7:0])", ""),
    ]),
    server("mirror_server", "mirror", "writes what its generation says", {}, {"row": "dut.gens"}, [
        Mutant("row of the beat behind", "mir_row[31:0] = h2_q", "mir_row[31:0] = h1_q"),
    ]),
    Proof("beat_fifo", "beat_fifo", "nothing lost, order kept, flags exact", induction(2), {"HELP": 1}, [
        Mutant("no way past the RAM", "assign store = push & ((~load) | fetch);", "assign store = push;"),
        Mutant("full one late", "depth = 14'h4", "depth = 14'h5"),
    ], BEAT_PROBES),
    Proof("ring_step", "ring", "an entry promised has its place, none is written over one that the host may read", COMB, {}, [
        Mutant("full one late", "used_q != ring[88:65]", "used_q <= ring[88:65]"),
        Mutant("gives back what is not written", "(back_q <= unread_q)) begin\n          row[", "(back_q <= used_q)) begin\n          row["),
    ], long=True),
    Proof("merge", "merge", "an inject frame begins between MAC frames, nobody cuts into it, its beats are sent as taken", PDR, {}, [
        Mutant("inject cuts into a MAC frame", "((~open_q) & (~mac_rx_tvalid)) & inject_tvalid) & go", "(~mac_rx_tvalid) & inject_tvalid) & go"),
    ]),
    Proof("unread", "unread", "high while a frame is not read, low two cycles after the last", induction(2), {"HELP": 1}, [
        Mutant("two at once count as one", "count_d = count_q + 8'h2;", "count_d = count_q + 8'h1;"),
        Mutant("a plain frame is forgotten", "x_q_q | nic_q_q", "x_q_q"),
    ], {"p_count": "\\dut.count_q", "p_x": "\\dut.x_q_q", "p_nic": "\\dut.nic_q_q", "p_read": "\\dut.read_q_q", "p_some": "\\dut.some_q_q"}),
    Proof("slots", "slots", "a slot is never given twice, the tail never passes a frame in use", induction(2), {"HELP": 1}, [
        Mutant("one slot too many", "all_less_1 = 9'h3", "all_less_1 = 9'h4"),
        Mutant("tail passes a frame in use", "assign retire = done_q[last_q];", "assign retire = |done_q;"),
    ], SLOT_PROBES),
    Proof("blocks_2", "blocks", "a block is never given twice, none is lost, reservations are kept", PDR, {"B": 2}, long=True, mutants=[
        Mutant("splice forgets the list", "list_waddr = sp_last", "list_waddr = sp_first"),
    ]),
]
