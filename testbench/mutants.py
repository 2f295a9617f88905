"""make mutants: injects the bugs of testbench/mutants.toml into the emitted chip, one at a time; the tests must catch each.

The tests are those of `make test`. FERROWARP_MUTANT makes them build the chip with one bug (testbench/src/chip/mutant.rs);
a bug is caught when one of the tests named for it fails. First all of these tests must pass without a bug. Models with
bugs stay in build/mutants, apart from those of the true chip. The verdicts go to build/mutants.json, for `make results`.
A mutant of which the list says why it survives is run like the others, and counts as not caught.

Exit: 0 when every mutant is caught but those that the list says survive, 1 when another survives or when one of those is
caught, 2 when a tool, the list or a build fails.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "testbench" / "mutants.toml"
BUILD = ROOT / "build" / "mutants"
BUILT = BUILD / "tests.json"
SCORE = ROOT / "build" / "mutants.json"
VARIABLE = "FERROWARP_MUTANT"
INJECTED = f"{VARIABLE} injected:"  # as testbench/src/chip/mutant.rs prints it
REFUSED = re.compile(r"mutants: (.*)")  # as its errors begin
TIMEOUT = 900  # seconds a test


class Failed(Exception):
    """One clear line: what failed and what to do."""


def load():
    """The list, checked as far as the runner needs it; tests/mutants.rs checks the rest."""
    try:
        import tomllib
    except ImportError as e:
        raise Failed("python 3.11 or newer is needed, for tomllib") from e
    with LIST.open("rb") as file:
        return tomllib.load(file)["mutant"]


def build(files):
    """Compiles the test programs; gives the path of each."""
    print(f"cargo test --no-run: {len(files)} test programs", flush=True)
    cargo = os.environ.get("CARGO") or shutil.which("cargo") or str(Path.home() / ".cargo" / "bin" / "cargo")
    # The whole workspace, so that what `make test` has compiled is taken.
    command = [cargo, "test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]
    for file in sorted(files):
        command += ["--test", file]
    try:
        out = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    except OSError as e:
        raise Failed(f"{cargo}: {e.strerror}: install Rust from rustup.rs") from e
    if out.returncode != 0:
        raise Failed("the tests do not compile: see above")
    programs = {}
    for line in out.stdout.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message["target"]["name"] in files:
            programs[message["target"]["name"]] = message["executable"]
    missing = set(files) - set(programs)
    if missing:
        raise Failed(f"cargo built no test {', '.join(sorted(missing))}")
    BUILD.mkdir(parents=True, exist_ok=True)
    BUILT.write_text(json.dumps(programs, indent=1) + "\n", encoding="utf-8")
    return programs


def built(files):
    """The test programs of the last run."""
    programs = json.loads(BUILT.read_text(encoding="utf-8")) if BUILT.is_file() else {}
    gone = [f for f in files if not Path(programs.get(f, "/none")).is_file()]
    if gone:
        raise Failed(f"--no-build: {', '.join(gone)} not built yet: leave it out")
    return programs


def run(program, test, mutant):
    """One test; gives its exit code, what it printed, and the seconds."""
    env = dict(os.environ, CARGO_MANIFEST_DIR=str(ROOT / "testbench"), RUST_BACKTRACE="0")
    env.pop(VARIABLE, None)
    if mutant:
        env.update({VARIABLE: mutant, "FERROWARP_CACHE": str(BUILD / "models")})
    start = time.monotonic()
    try:
        # As nextest does it: a process a test, in the folder of its package.
        out = subprocess.run([program, "--exact", test, "--nocapture"], cwd=ROOT / "testbench", env=env, text=True,
                             errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
        return out.returncode, out.stdout, time.monotonic() - start
    except subprocess.TimeoutExpired as e:
        text = e.stdout.decode(errors="replace") if isinstance(e.stdout, bytes) else e.stdout or ""
        return None, text, time.monotonic() - start


def try_mutant(mutant, programs, log):
    """Runs a mutant's tests until one fails. Gives the test (with the rows that failed in it) or None."""
    for name in mutant["tests"]:
        file, test = name.split("::")
        code, text, _ = run(programs[file], test, mutant["name"])
        with log.open("a", encoding="utf-8") as out:
            out.write(f"== {name}: exit {code}\n{text}\n")
        refused = REFUSED.search(text)
        if refused:
            raise Failed(refused.group(1))
        if code == 0:
            if "1 passed" not in text:
                raise Failed(f"{mutant['name']}: no test {name}: adapt testbench/mutants.toml")
            continue
        if f"{INJECTED} {mutant['name']}:" not in text:
            raise Failed(f"{mutant['name']}: {name} fails, but not in a chip with the bug: see {log.relative_to(ROOT)}")
        if code is None:
            return f"{name} (no end within {TIMEOUT} s)"
        rows = re.findall(r"^FERROWARP_ROW=(\w+) ", text, re.M)
        return name + (f" ({', '.join(rows[:3])}{', ...' if len(rows) > 3 else ''})" if rows else "")
    return None


def check_true_chip(tests, programs, jobs):
    """The tests must pass without a bug: else their failure says nothing."""
    start = time.monotonic()
    print(f"the true chip: {len(tests)} tests", flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(run, programs[t.split("::")[0]], t.split("::")[1], None): t for t in tests}
        for done in as_completed(running):
            code, text, _ = done.result()
            if code != 0 or "1 passed" not in text:
                for other in running:
                    other.cancel()
                raise Failed(f"{running[done]} fails without a bug: mend it first (exit {code})\n{text[-2000:]}")
    print(f"the true chip: all pass, {time.monotonic() - start:.0f} s", flush=True)


def all_mutants(chosen, programs, jobs):
    """Tries them all, a line each; gives verdicts in the list's order, and what could not be tried."""
    logs = BUILD / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)

    def one(mutant):
        start = time.monotonic()
        caught = try_mutant(mutant, programs, logs / f"{mutant['name']}.log")
        return caught, time.monotonic() - start

    verdicts, broken = {}, []
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(one, m): m for m in chosen}
        for n, done in enumerate(as_completed(running), 1):
            mutant = running[done]
            at = f"{n:3} of {len(chosen)}"
            try:
                caught, seconds = done.result()
            except Failed as e:
                broken.append(str(e))
                print(f"  {at}  BROKEN    {e}", flush=True)
                continue
            verdicts[mutant["name"]] = {
                "name": mutant["name"], "bug": mutant["bug"], "requirements": mutant.get("requirements", []),
                "caught_by": caught, "survives": mutant.get("survives"), "seconds": round(seconds, 1),
            }
            why = mutant.get("survives")
            if caught:
                mark = "; listed as a survivor: REMOVE THE MARK" if why else ""
                print(f"  {at}  caught    {mutant['name']} by {caught}, {seconds:.0f} s{mark}", flush=True)
            elif why:
                print(f"  {at}  survives  {mutant['name']}, as listed: {why}; {seconds:.0f} s", flush=True)
            else:
                print(f"  {at}  SURVIVES  {mutant['name']}: {mutant['bug']}; tried {', '.join(mutant['tests'])}, "
                      f"{seconds:.0f} s", flush=True)
    return [verdicts[m["name"]] for m in chosen if m["name"] in verdicts], broken


def main():
    parser = argparse.ArgumentParser(description="Injects bugs into the emitted chip; the tests must catch each.")
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="this mutant; may be given again")
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at the same time")
    parser.add_argument("--no-build", action="store_true", help="take the test programs of the last run, and trust the true chip")
    args = parser.parse_args()
    os.nice(10)
    start = time.monotonic()
    try:
        mutants = load()
        unknown = set(args.only) - {m["name"] for m in mutants}
        if unknown:
            raise Failed(f"no such mutant: {', '.join(sorted(unknown))}; --list names them")
        if args.list:
            for m in mutants:
                print(f"{m['name']}: {m['bug']} [{', '.join(m.get('requirements', []))}]")
            return 0
        chosen = [m for m in mutants if not args.only or m["name"] in args.only]
        tests = sorted({t for m in chosen for t in m["tests"]})
        files = {t.split("::")[0] for t in tests}
        programs = built(files) if args.no_build else build(files)
        if not args.no_build:
            check_true_chip(tests, programs, args.jobs)
        verdicts, broken = all_mutants(chosen, programs, args.jobs)
    except Failed as e:
        print(f"mutants: {e}", file=sys.stderr)
        return 2
    caught = sum(1 for v in verdicts if v["caught_by"])
    if not args.only and not broken:
        SCORE.write_text(json.dumps(verdicts, indent=1) + "\n", encoding="utf-8")
    for line in broken:
        print(f"mutants: {line}", file=sys.stderr)
    wrong = [v["name"] for v in verdicts if bool(v["caught_by"]) == bool(v["survives"])]
    for v in verdicts:
        if v["name"] in wrong:
            line = (f"is caught by {v['caught_by']}: remove the mark `survives`" if v["caught_by"]
                    else "survives: strengthen a test, or say in `survives` why none can see it")
            print(f"mutants: {v['name']} {line}", file=sys.stderr)
    print(f"mutants: {caught} of {len(chosen)} caught, {time.monotonic() - start:.0f} s", flush=True)
    return 2 if broken else 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
