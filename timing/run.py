"""make timing: does the receive path close timing on a real part, and how large is it?

Emits the chip of preset ecp5-versa, synthesises it out of context, wraps the netlist in a registered scan harness, places
and routes it for three seeds; the lowest Fmax counts. Each block's area is flat and alone; the share of custom
text comes from a synthesis that keeps the hierarchy; the 512 b path gets an UltraScale+ utilisation figure. Leaves build/timing.json and build/timing.md.

The harness joins the netlist that was synthesised out of context, so nothing of it can be optimised away by what the
harness does not use; the cell counts of both are compared all the same.

Exit: 0 when the budget is met, 1 when not, 2 when a tool is missing or fails.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from paths import table
from tools import Failed, clocks_of, nextpnr, say, stat, yosys

ROOT = Path(__file__).resolve().parent.parent
PART = {"name": "LFE5UM5G-45F", "flag": "--um5g-45k", "package": "CABGA381", "speed": 8,
        "lut4": 43848, "ff": 43848, "ebr": 108, "dsp": 72}
LPF = ROOT / "constraints" / "ecp5-versa" / "harness.lpf"
BUDGET_MHZ = 125.0
CELLS_WITHIN = 0.02
COUNTED = ("LUT4", "CCU2C", "TRELLIS_FF", "DP16KD", "TRELLIS_DPR16X4", "MULT18X18D", "PFUMX", "L6MUX21")
LIBS = "read_verilog -lib -specify +/ecp5/cells_sim.v +/ecp5/cells_bb.v"


def emit(preset, folder, changes=()):
    """Runs the emitter; gives its module list."""
    example = ["cargo", "build", "--quiet", "-p", "ferrowarp-hdl", "--example", "timing_emit"]
    say(f"emit {preset}")
    if subprocess.run(example, cwd=ROOT, check=False).returncode != 0:
        raise Failed("cargo build of the example timing_emit failed")
    tool = ROOT / "target" / "debug" / "examples" / "timing_emit"
    if subprocess.run([str(tool), preset, str(folder), *changes], check=False).returncode != 0:
        raise Failed(f"timing_emit {preset} failed")
    return json.loads((folder / "modules.json").read_text(encoding="utf-8"))


def area(cells):
    """The figures of one module from its cell counts. A CCU2C is two LUT4 with carry, a DPR16X4 takes four LUT4 slots
    of RAM and two for its write port."""
    n = {k: cells.get(k, 0) for k in COUNTED}
    return {"lut4": n["LUT4"] + 2 * n["CCU2C"], "ff": n["TRELLIS_FF"], "ebr": n["DP16KD"],
            "lutram": n["TRELLIS_DPR16X4"], "dsp": n["MULT18X18D"]}


def synthesise(module, folder, options=""):
    """Out of context, flat. Leaves MODULE.il and gives the cell counts."""
    yosys(f"{module}.synth", [
        f"read_verilog -sv -DSYNTHESIS {folder}/chip.v",
        f"synth_ecp5 -top {module} {options}",
        f"tee -q -o {folder}/{module}.stat.json stat -json",
        f"select -module {module}",
        f"write_rtlil -selected {folder}/{module}.il",
    ], folder)
    return stat(folder / f"{module}.stat.json")[module]


def harness(module, folder):
    """Joins the synthesised module and its harness; gives the cell counts inside and outside the module."""
    yosys(f"{module}.harness", [
        f"read_rtlil {folder}/{module}.il",
        f"blackbox {module}",
        f"read_verilog {folder}/harness_{module}.v",
        "synth_ecp5 -top harness",
        "select -module harness",
        f"write_rtlil -selected {folder}/{module}.harness.il",
    ], folder)
    yosys(f"{module}.join", [
        LIBS,
        f"read_rtlil {folder}/{module}.harness.il",
        f"read_rtlil {folder}/{module}.il",
        "hierarchy -top harness",
        "flatten",
        "clean",
        "select -module harness",
        f"write_json -selected {folder}/{module}.json",
    ], folder)
    netlist = json.loads((folder / f"{module}.json").read_text(encoding="utf-8"))
    inside, outside = {}, {}
    for name, cell in netlist["modules"]["harness"]["cells"].items():
        side = inside if name.startswith(("dut.", "$flatten\\dut.")) or "\\dut." in name else outside
        side[cell["type"]] = side.get(cell["type"], 0) + 1
    return inside, outside


def by_module(modules, folder):
    """Area of the chip's blocks, each flat and alone; all of it with the hierarchy kept, and the custom text's share of that."""
    chip = next(m["name"] for m in modules if m["path"] == "chip")
    yosys("hier.synth", [
        f"read_verilog -sv -DSYNTHESIS {folder}/chip.v",
        f"synth_ecp5 -top {chip} -noflatten",
        f"tee -q -o {folder}/hier.stat.json stat -json",
    ], folder)
    own = stat(folder / "hier.stat.json")
    names = {m["name"]: m for m in modules}

    def below(name):
        total = {}
        for cell, count in own.get(name, {}).items():
            part = below(cell.lstrip("\\")) if cell.lstrip("\\") in names else {cell: 1}
            for k, v in part.items():
                total[k] = total.get(k, 0) + v * count
        return total

    # A block's own figure is flat and out of context, like the chip's: with the hierarchy kept it would be twice as large.
    blocks = {m["path"].split(".", 1)[1]: area(synthesise(m["name"], folder)) for m in modules if m["path"].count(".") == 1}
    everything = area(below(chip))
    text = []
    for m in modules:
        if m["custom_text"]:
            lut = area(below(m["name"]))["lut4"] * m["instances"]
            text.append({"name": m["name"], "path": m["path"], "instances": m["instances"], "lut4": lut,
                         "share": lut / max(1, everything["lut4"])})
    text.sort(key=lambda t: -t["lut4"])
    return blocks, everything, text


def ultrascale(folder, changes):
    """UltraScale+ utilisation of the 512 b path with the hierarchy kept: LUT, FF, RAMB36 equivalents, URAM. Never a clock."""
    modules = emit("dc-100g", folder, changes)
    chip = modules["top"]
    yosys("xcup.synth", [
        f"read_verilog -sv -DSYNTHESIS {folder}/chip.v",
        # The thorough script spends an hour on the wide XOR trees for a few per cent.
        "scratchpad -copy abc9.script.default.fast abc9.script",
        f"synth_xilinx -family xcup -noiopad -uram -top {chip}",
        f"tee -q -o {folder}/xcup.stat.json stat -json",
    ], folder, timeout=7200)
    text = (folder / "xcup.stat.json").read_text(encoding="utf-8")
    cells = json.loads(text[text.index("{"):])["design"]["num_cells_by_type"]
    total = lambda *prefix: sum(v for k, v in cells.items() if k.startswith(prefix))
    return {"preset": "dc-100g", "changed": list(changes), "lut": total("LUT"), "ff": total("FD"),
            "ramb36": total("RAMB36"), "ramb18": total("RAMB18"), "uram": total("URAM"),
            "lutram": total("RAM32", "RAM64", "RAM128", "RAM256"), "carry": total("CARRY")}


def markdown(r):
    """The report as a page for docs/."""
    rows = [f"| {s} | {v['fmax']:.1f} |" for s, v in r["seeds"].items()]
    head = "| block | LUT4 | FF | EBR | DPR16X4 | DSP |\n|---|---|---|---|---|---|"
    line = lambda n, a: f"| {n} | {a['lut4']} | {a['ff']} | {a['ebr']} | {a['lutram']} | {a['dsp']} |"
    out = [f"# Timing and area of `{r['preset']}`", "",
           f"Part {r['part']}, budget {r['budget_mhz']:.0f} MHz, lowest of the seeds counts: "
           f"**{r['fmax_mhz']:.1f} MHz, {'met' if r['met'] else 'not met'}**.", "",
           "| seed | Fmax MHz |", "|---|---|", *rows, ""]
    out += ["## Area", "", "Without the harness, each block flat and alone; the last row is the flat netlist that was placed.", "", head]
    out += [line(f"`{n}`", a) for n, a in r["area"].items()]
    out += [line("whole chip, flat", r["area_flat"]), ""]
    out += ["## Custom text", "", f"{100 * r['custom_text_share']:.1f} % of the LUT4 with the hierarchy kept ({r['area_sum']['lut4']}).", "",
            "| primitive | instances | LUT4 | share |", "|---|---|---|---|"]
    out += [f"| `{t['name']}` | {t['instances']} | {t['lut4']} | {100 * t['share']:.1f} % |" for t in r["custom_text"]]
    u = r.get("ultrascale")
    if u:
        out += ["", "## UltraScale+, 512 b (utilisation only)", "",
                f"`{u['preset']}`{', with ' + ', '.join(u['changed']) if u['changed'] else ''}: {u['lut']} LUT, {u['ff']} FF, "
                f"{u['ramb36']} RAMB36, {u['ramb18']} RAMB18, {u['uram']} URAM, {u['lutram']} LUT RAM cells."]
    return "\n".join(out) + "\n"


def main():
    ask = argparse.ArgumentParser(description="Fmax and area of the receive path")
    ask.add_argument("--seeds", default="1,2,3", help="nextpnr seeds, comma separated (1,2,3)")
    ask.add_argument("--block", help="time one module of the chip alone, by its Verilog name, and stop")
    ask.add_argument("--no-xcup", action="store_true", help="leave the UltraScale+ area out")
    ask.add_argument("--xcup-set", default="", help="FIELD=VALUE,... smaller tables for the UltraScale+ area")
    ask.add_argument("--paths", type=float, metavar="NS", help="list the worst path of every pair of blocks slower than this")
    ask.add_argument("--reuse", action="store_true", help="do not emit again")
    args = ask.parse_args()
    start = time.monotonic()
    seeds = [int(s) for s in args.seeds.split(",")]
    build = ROOT / "build"
    folder = build / "timing" / "ecp5-versa"
    folder.mkdir(parents=True, exist_ok=True)
    if args.reuse:
        listing = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    else:
        listing = emit("ecp5-versa", folder)
    modules, chip = listing["modules"], args.block or listing["top"]
    if chip not in {m["name"] for m in modules}:
        raise Failed(f"{chip}: no such module; names are in {folder}/modules.json")

    flat = synthesise(chip, folder)
    inside, outside = harness(chip, folder)
    worst = max((abs(inside.get(k, 0) - flat.get(k, 0)) / max(1, flat.get(k, 0)) for k in COUNTED), default=0.0)
    say(f"cells inside the harness differ by {100 * worst:.2f} % from out of context (at most {100 * CELLS_WITHIN:.0f} %)")
    if worst > CELLS_WITHIN:
        raise Failed(f"harness: cell counts differ by {100 * worst:.1f} %, more than {100 * CELLS_WITHIN:.0f} %")

    runs = {}
    for seed in seeds:
        runs[str(seed)] = nextpnr(f"{chip}.seed{seed}", folder / f"{chip}.json", PART, seed, BUDGET_MHZ, folder, LPF,
                                  paths=args.paths is not None)
        if args.paths is not None:
            placed, report = (folder / f"{chip}.seed{seed}.{kind}.json" for kind in ("placed", "report"))
            say("\n".join(table(placed, report, args.paths, 2 if args.block else 1, True)))
    fmax = clocks_of(runs)
    met = fmax >= BUDGET_MHZ
    part = f"{PART['name']}, package {PART['package']}, speed {PART['speed']}"
    report = {"preset": "ecp5-versa", "block": chip, "part": part, "budget_mhz": BUDGET_MHZ, "fmax_mhz": fmax, "met": met,
              "seeds": runs, "harness": {"cells_differ": worst, "harness_cells": area(outside)}, "area_flat": area(flat),
              "part_has": {k: PART[k] for k in ("lut4", "ff", "ebr", "dsp")}}
    if not args.block:
        blocks, everything, text = by_module(modules, folder)
        report |= {"area": blocks, "area_sum": everything, "custom_text": text,
                   "custom_text_share": sum(t["share"] for t in text)}
        if not args.no_xcup:
            changes = tuple(c for c in args.xcup_set.split(",") if c)
            report["ultrascale"] = ultrascale(build / "timing" / "dc-100g", changes)
        (build / "timing.md").write_text(markdown(report), encoding="utf-8")
        (build / "timing.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        say((build / "timing.md").read_text(encoding="utf-8"))
    for seed, r in runs.items():
        p = r["path"]
        say(f"seed {seed}: {r['fmax']:.1f} MHz; {p.get('logic_ns', 0)} ns logic, {p.get('routing_ns', 0)} ns routing, "
            f"{p.get('from')} -> {p.get('to')}")
    say(f"{part}: {fmax:.1f} MHz, budget {BUDGET_MHZ:.0f} MHz, {time.monotonic() - start:.0f} s")
    if not met:
        print(f"timing: {fmax:.1f} MHz is below the budget of {BUDGET_MHZ:.0f} MHz on {part}", file=sys.stderr)
    return 0 if met else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        print(f"timing: {error}", file=sys.stderr)
        sys.exit(2)
    except ImportError as error:
        print(f"timing: {error}: run scripts/setup-python.sh timing", file=sys.stderr)
        sys.exit(2)
