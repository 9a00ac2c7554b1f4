"""How long the import and a hello-world app take, and how much memory they fill.

    python tests/benchmarks/startup.py [--peers asyncflask,starlette] [--rounds 9]

Each measurement is a fresh process; what an empty Python takes is taken off.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from choice import chosen_peers, make_parser

HELLO = {
    "asyncflask": """
from asyncflask import Flask
app = Flask("hello")
@app.get("/")
async def hello():
    return "Hello, World!"
""",
    "starlette": """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
async def hello(request):
    return PlainTextResponse("Hello, World!")
app = Starlette(routes=[Route("/", hello)])
""",
    "fastapi": """
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def hello():
    return "Hello, World!"
""",
    "quart": """
from quart import Quart
app = Quart("hello")
@app.get("/")
async def hello():
    return "Hello, World!"
""",
    "flask": """
from flask import Flask
app = Flask("hello")
@app.get("/")
def hello():
    return "Hello, World!"
""",
    "bare": "",
}
# Memory is what the kernel says: kilobytes that are resident.
_MEASURE = """
import sys, time
begin = time.process_time()
{code}
spent = time.process_time() - begin
with open("/proc/self/statm") as statm:
    pages = int(statm.read().split()[1])
import resource
print(spent * 1000, pages * resource.getpagesize() / 1024, len(sys.modules))
"""


def measure(code: str, compiled: str) -> tuple[float, float, float]:
    """Milliseconds of CPU time, kilobytes of resident memory, and modules.

    Args:
        compiled: the folder for compiled modules, as an installed package has them.
    """
    command = [sys.executable, "-c", _MEASURE.format(code=code)]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    spent, memory, modules = map(float, done.stdout.split())
    return spent, memory, modules


def measure_in_turn(names: list[str], rounds: int) -> dict[str, list[float]]:
    """The medians of what `measure` gives; peers take turns within each round."""
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="benchmark-compiled-") as compiled:
        # One round more than is counted, to compile.
        for turn in range(rounds + 1):
            for name in names:
                figures = measure(HELLO[name], compiled)
                if turn:
                    measured[name].append(figures)
    return {
        name: [statistics.median(column) for column in zip(*figures, strict=True)]
        for name, figures in measured.items()
    }


def main() -> None:
    parser = make_parser(__doc__, peers="asyncflask,starlette")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if not Path("/proc/self/statm").exists():
        print("Nothing was measured: this system has no /proc/self/statm.")
        return
    names = [name for name in chosen_peers(options) if name in HELLO and name != "bare"]
    medians = measure_in_turn(["bare", *names], options.rounds)
    print("| hello, world | import, ms | memory, MB | modules |", "|---|---:|---:|---:|", sep="\n")
    for name in names:
        spent, memory, modules = map(float.__sub__, medians[name], medians["bare"])
        print(f"| {name} | {spent:.0f} | {memory / 1024:.1f} | {modules:.0f} |")


if __name__ == "__main__":
    main()
