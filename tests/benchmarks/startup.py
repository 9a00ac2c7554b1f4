"""How long the import and a hello-world app take, and how much memory they fill.

    python tests/benchmarks/startup.py [--peers asyncflask,starlette] [--rounds 9]

Each measurement is a fresh process; what an empty Python takes is taken off.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
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


def measure(code: str) -> tuple[float, float, float]:
    """Milliseconds of CPU time, kilobytes of resident memory, and modules."""
    command = [sys.executable, "-c", _MEASURE.format(code=code)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    spent, memory, modules = map(float, done.stdout.split())
    return spent, memory, modules


def main() -> None:
    parser = make_parser(__doc__, peers="asyncflask,starlette")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if not Path("/proc/self/statm").exists():
        print("Nothing was measured: this system has no /proc/self/statm.")
        return
    names = ["bare", *(name for name in chosen_peers(options) if name in HELLO and name != "bare")]
    rounds: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            rounds[name].append(measure(HELLO[name]))
    print("| hello, world | import, ms | memory, MB | modules |", "|---|---:|---:|---:|", sep="\n")
    empty = [statistics.median(figures) for figures in zip(*rounds.pop("bare"), strict=True)]
    for name, measured in rounds.items():
        spent, memory, modules = (
            statistics.median(figures) - base
            for figures, base in zip(zip(*measured, strict=True), empty, strict=True)
        )
        print(f"| {name} | {spent:.0f} | {memory / 1024:.1f} | {modules:.0f} |")


if __name__ == "__main__":
    main()
