"""Lists the slowest paths of a nextpnr run: the worst of every pair of blocks.

nextpnr prints one critical path; closing timing needs the next hundred. Its detailed report has the arrival time at every
register and memory input (that is what is printed). Which way the signal came is estimated from the placed netlist:
0.14 ns a LUT, 0.4 ns a hop and 0.075 ns a tile.

    timing/run.py --seeds 1 --paths 7.0      runs it on every seed
    build/venv/bin/python timing/paths.py NETLIST.json REPORT.json [--over 7.0] [--depth 1] [--steps]
"""

import argparse
import json
import re
import sys
from collections import defaultdict

LUT, HOP, TILE = 0.14, 0.4, 0.075
CLOCK_TO_Q = {"TRELLIS_FF": 0.31, "DP16KD": 3.9}
# A write slice of LUT RAM (A0..D1) only passes its inputs on.
LOGIC = {"A", "B", "C", "D", "M", "FCI", "FXA", "FXB"} | {x + n for x in "ABCD" for n in "01"}
DIRECT = {"FCI", "FXA", "FXB"}  # inside a slice: no routing


def block(cell, depth):
    """The instance a cell belongs to, `depth` names deep: what follows the last dot is a net's or cell's own name."""
    parts = cell.split(".")
    parts = parts[1:-1] if parts[0] == "dut" else ["harness"]
    return ".".join(parts[:depth]) or "top"


class Netlist:
    """The placed netlist: who drives a net, where a cell is, and an estimate of when its output settles."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            top = next(iter(json.load(file)["modules"].values()))
        self.inputs, self.kind, self.place, self.driver = {}, {}, {}, {}
        for name, cell in top["cells"].items():
            self.kind[name] = cell["type"]
            at = re.match(r"X(\d+)/Y(\d+)", cell["attributes"].get("NEXTPNR_BEL", "X0/Y0"))
            self.place[name] = (int(at[1]), int(at[2]))
            for port, bits in cell["connections"].items():
                if bits and cell["port_directions"][port] == "output":
                    self.driver[bits[0]] = name
        for name, cell in top["cells"].items():
            self.inputs[name] = {p: self.driver[b[0]] for p, b in cell["connections"].items()
                                 if b and b[0] in self.driver and cell["port_directions"][p] == "input"}
        self.settled = {}

    def step(self, port, driver, cell):
        """From a driver's output through an input of `cell` to its output."""
        if port in DIRECT:
            return 0.05
        (ax, ay), (bx, by) = self.place[driver], self.place[cell]
        return LUT + HOP + TILE * (abs(ax - bx) + abs(ay - by))

    def before(self, cell):
        """What a cell's output waits for; nothing for a register."""
        if self.kind[cell] in CLOCK_TO_Q:
            return []
        return [(p, d) for p, d in self.inputs[cell].items() if p in LOGIC and not d.startswith("$PACKER")]

    def arrival(self, cell):
        """Estimated time of the cell's output, without recursion: the netlist is deep."""
        todo = [cell]
        while todo:
            top = todo[-1]
            if top in self.settled:
                todo.pop()
                continue
            wait = [d for _, d in self.before(top) if d not in self.settled]
            if wait:
                self.settled.setdefault(("open", top), 0)
                if any(("open", d) in self.settled for d in wait):
                    wait = []  # a loop would hang here
                else:
                    todo.extend(wait)
                    continue
            times = [self.settled.get(d, 0.0) + self.step(p, d, top) for p, d in self.before(top)]
            self.settled[top] = max(times, default=CLOCK_TO_Q.get(self.kind[top], 0.31))
            todo.pop()
        return self.settled[cell]

    def walk(self, driver):
        """From a driver back to the register that launched the slowest path: cells, last first."""
        cells = [driver]
        while before := self.before(cells[-1]):
            self.arrival(cells[-1])
            cells.append(max((self.arrival(d) + self.step(p, d, cells[-1]), d) for p, d in before)[1])
        return cells


def table(netlist, report, over, depth, show_steps):
    """The printed lines."""
    placed = Netlist(netlist)
    with open(report, encoding="utf-8") as file:
        nets = json.load(file)["detailed_net_timings"]
    worst, count = {}, defaultdict(int)
    for net in nets:
        late = [(e["delay"][1], e["cell"], e["port"]) for e in net["endpoints"] if e["delay"][1] >= over]
        if not late:
            continue
        cells = placed.walk(net["driver"])
        for at, cell, port in late:
            pair = (block(cells[-1], depth), block(cell, depth))
            count[pair] += 1
            if pair not in worst or at > worst[pair][0]:
                worst[pair] = (at, f"{cell}.{port}", cells)
    for pair, (at, end, cells) in sorted(worst.items(), key=lambda w: -w[1][0]):
        yield f"{at:6.2f} ns  {pair[0]} -> {pair[1]}, {count[pair]} ends, {len(cells)} cells: {cells[-1]} -> {end}"
        if show_steps:
            yield from (f"           {placed.arrival(c):6.2f} {c} ({placed.kind[c]})" for c in reversed(cells))
    yield f"{sum(count.values())} register and memory inputs later than {over} ns"


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("netlist", help="what nextpnr wrote with --write")
    ask.add_argument("report", help="its report, with --detailed-timing-report")
    ask.add_argument("--over", type=float, default=7.0, help="only paths later than this, ns (7.0)")
    ask.add_argument("--depth", type=int, default=1, help="how many names of the hierarchy make a block (1)")
    ask.add_argument("--steps", action="store_true", help="print every cell of the paths")
    args = ask.parse_args()
    try:
        for line in table(args.netlist, args.report, args.over, args.depth, args.steps):
            print(line)
    except (OSError, ValueError, KeyError) as error:
        print(f"paths: {error!r}: give the two files of one nextpnr run, see --help", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
