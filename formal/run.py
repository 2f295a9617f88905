"""make formal: proves the primitives and the table servers, each as the Verilog that is emitted for it.

Emits the blocks of formal/proofs.py, joins each with its checker of formal/checks and has sby prove it, by k-induction
(z3) or with an inductive invariant (abc pdr); never by a bounded search. Every mutant must be refuted by a counterexample.
Everything stays in build/formal/NAME; a failed proof leaves a trace there.

Exit: 0 when all is proved and every mutant refuted, 1 when not, 2 when a tool is missing or fails.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from proofs import PROOFS
from tools import Missing, cargo, install

ROOT = Path(__file__).resolve().parent.parent
CHECKS = ROOT / "formal" / "checks"
BUILD = ROOT / "build" / "formal"
VERILOG = BUILD / "verilog"
TIMEOUT = 300  # seconds a proof

SBY = """[options]
mode {mode}
depth {depth}
timeout {timeout}
vcd {trace}

[engines]
{engine}

[script]
read_verilog -formal -sv -DSYNTHESIS dut.v
read_verilog -formal -sv -I.{defines} check.sv
{params}
hierarchy -check -top check
{probes}
prep -flatten -top check

[files]
dut.v {dut}
check.sv {check}
common.svh {common}
dut.svh {fields}
"""


class Failed(Exception):
    """One clear line: what failed and where to read on."""


def emit():
    """The Verilog of every block, from Rust."""
    print("emit: cargo build --example formal_emit", flush=True)
    build = [cargo(), "build", "--quiet", "-p", "ferrowarp-hdl", "--example", "formal_emit"]
    if subprocess.run(build, cwd=ROOT, check=False).returncode != 0:
        raise Failed("cargo build of the example formal_emit failed")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    shutil.rmtree(VERILOG, ignore_errors=True)
    tool = target / "debug" / "examples" / "formal_emit"
    if subprocess.run([str(tool), str(VERILOG)], cwd=ROOT, check=False).returncode != 0:
        raise Failed("formal_emit failed")


def engine_of(proof):
    """sby's engine line, its depth, and how the result is called."""
    kind, *value = proof.engine
    if kind == "induction":
        return "smtbmc z3", value[0], f"induction, depth {value[0]}"
    if kind == "inputs":
        return {"z3": "smtbmc z3", "abc": "abc pdr"}[value[0]], 1, "every input, no state"
    return "abc pdr", 20, "induction, invariant found by pdr"


def row_bits(proof, net, text):
    """The width of the table that a probe looks into."""
    path = re.sub(r"^.*\bdut[.](.*)[.]mem.*", r"dut_\1", net).replace(".", "_")
    found = re.search(rf"module {path} .*?reg \[(\d+):0\] mem ", text, re.S)
    if not found:
        raise Failed(f"{proof.name}: no table {net} in the emitted text: adapt formal/proofs.py")
    return int(found.group(1)) + 1


def prove(proof, mutant, index, tools):
    """Runs sby; gives its verdict (PASS, FAIL, UNKNOWN, TIMEOUT, ERROR), the seconds, and the folder."""
    name = proof.name if mutant is None else f"{proof.name}.mutant{index}"
    text = (VERILOG / f"{proof.dut}.v").read_text(encoding="utf-8")
    if mutant is not None:
        found = text.count(mutant.old)
        if found != 1:
            raise Failed(f"{proof.name}: mutant '{mutant.name}': `{mutant.old}` is {found} times in the emitted text, "
                         "expected once: adapt formal/proofs.py")
        text = text.replace(mutant.old, mutant.new)
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dut = folder / "dut.v"
    dut.write_text(text, encoding="utf-8")
    # To refute takes a counterexample only: a bounded search.
    mode, (engine, depth, _) = "prove", engine_of(proof)
    if mutant is not None:
        mode, engine, depth = ("bmc", "smtbmc z3", 1) if proof.engine[0] == "inputs" else ("bmc", "abc bmc3", 20)
    values = dict(proof.params)
    probes = []
    if mutant is not None and "HELP" in values:
        values["HELP"] = 0
    elif proof.probes:
        probes = ["proc", "flatten", "memory_nordff", "memory_map -formal", "cd check"]
        probes += [f"connect -nounset -set {wire} {net}" for wire, net in proof.probes.items()]
        probes += ["cd .."]
    defines = "".join(f" -D {wire}_bits={row_bits(proof, net, text)}" for wire, net in proof.probes.items() if ".mem[0]" in net)
    params = "".join(f" -set {k} {v}" for k, v in values.items())
    sby = folder / "proof.sby"
    sby.write_text(SBY.format(
        mode=mode, defines=defines, depth=depth, timeout=tools.timeout, trace="on" if mutant is None else "off", engine=engine, dut=dut,
        params=f"chparam{params} check" if params else "", probes="\n".join(probes), check=CHECKS / f"{proof.check}.sv", common=CHECKS / "common.svh",
        fields=VERILOG / f"{proof.dut}.svh",
    ), encoding="utf-8")
    start = time.monotonic()
    exes = [x for name in ("yosys", "smtbmc", "abc", "witness") for x in (
        f"--{name}", str(tools.folder / {"smtbmc": "yosys-smtbmc", "abc": "yosys-abc", "witness": "yosys-witness"}.get(name, name)))]
    env = dict(os.environ, PATH=f"{tools.folder}:{os.environ['PATH']}")
    out = subprocess.run([str(tools.folder / "sby"), "-f", "-d", str(folder / "work"), *exes, str(sby)],
                         capture_output=True, text=True, check=False, env=env)
    (folder / "sby.log").write_text(out.stdout + out.stderr, encoding="utf-8")
    done = re.search(r"DONE \((\w+)", out.stdout)
    return (done.group(1) if done else "ERROR"), time.monotonic() - start, folder


def first_error(folder):
    """The line of sby's log that says most."""
    lines = (folder / "sby.log").read_text(encoding="utf-8").splitlines()
    for want in ("ERROR", "Assert failed", "failed assertion", "Traceback"):
        for line in lines:
            if want in line:
                return re.sub(r"^SBY [\d:]+ \[[^]]*\] ", "", line)
    return lines[-1] if lines else "no output"


def main():
    parser = argparse.ArgumentParser(description="Proves the primitives and the table servers.")
    parser.add_argument("names", nargs="*", help="only these proofs and their mutants")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="proofs at the same time")
    parser.add_argument("--timeout", type=int, default=TIMEOUT, help="seconds a proof")
    parser.add_argument("--no-emit", action="store_true", help="take the Verilog of the last run")
    args = parser.parse_args()
    os.nice(10)
    start = time.monotonic()
    chosen = [p for p in PROOFS if not args.names or p.name in args.names]
    unknown = set(args.names) - {p.name for p in PROOFS}
    if unknown:
        print(f"formal: no such proof: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    try:
        tools = install(BUILD / "bin", args.timeout)
        if not args.no_emit:
            emit()
        print(f"{len(chosen)} proofs, {sum(len(p.mutants) for p in chosen)} mutants; {tools.version}", flush=True)
        jobs = [(p, None, 0) for p in chosen] + [(p, m, i) for p in chosen for i, m in enumerate(p.mutants, 1)]
        jobs.sort(key=lambda j: not j[0].long)  # long ones first
        return report(jobs, tools, args.jobs, start)
    except (Missing, Failed) as e:
        print(f"formal: {e}", file=sys.stderr)
        return 2


def report(jobs, tools, workers, start):
    """Runs all jobs and prints a line each; gives the exit code."""
    proved = refuted = 0
    bad = []
    lock = threading.Lock()
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(prove, *job, tools): job for job in jobs}
        for done in as_completed(running):
            proof, mutant, _ = running[done]
            try:
                verdict, seconds, folder = done.result()
            except Failed as e:
                print(f"  FAILED   {e}", flush=True)
                bad.append(str(e))
                continue
            with lock:
                if mutant is None and verdict == "PASS":
                    proved += 1
                    print(f"  proved   {proof.name}: {proof.claim} [{engine_of(proof)[2]}] {seconds:.1f} s", flush=True)
                elif mutant is not None and verdict == "FAIL":
                    refuted += 1
                    print(f"  refuted  {proof.name}: mutant '{mutant.name}' {seconds:.1f} s", flush=True)
                else:
                    what = proof.name if mutant is None else f"{proof.name}: mutant '{mutant.name}'"
                    said = {"PASS": "was not refuted", "FAIL": "has a counterexample"}.get(verdict, "is open")
                    line = f"{what} {said} ({verdict}): {first_error(folder)}; see {folder.relative_to(ROOT)}"
                    print(f"  FAILED   {line}", flush=True)
                    bad.append(line)
    n = sum(1 for j in jobs if j[1] is None)
    print(f"formal: {proved} of {n} proved, {refuted} of {len(jobs) - n} mutants refuted, {time.monotonic() - start:.0f} s"
          + (f"; {len(bad)} FAILED" if bad else ""), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
