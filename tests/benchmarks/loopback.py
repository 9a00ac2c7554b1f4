"""What a request costs a real server: CPU time of uvicorn's process, over the loopback interface.

    python tests/benchmarks/loopback.py [--lines plaintext,json] [--peers bare,asyncflask]

uvicorn with httptools and uvloop serves one peer at a time in a process of its own. The load
comes from wrk where it is installed, otherwise from threads here. Peers take turns within
each round. The answers are checked before the load, not under it.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from choice import chosen_lines, chosen_peers, make_parser
from line import Answer
from peers import load
from scopes import TEN_HEADERS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from line import Ask, Line

CONNECTIONS = 32
START_TIMEOUT = 20  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")


def serve(line: str, peer: str, port: int) -> None:
    """What the server's process does."""
    app = getattr(load([peer])[0][peer], line)()
    uvicorn.run(
        app, port=port, http="httptools", loop="uvloop", access_log=False, log_level="error"
    )


@contextmanager
def server(line: str, peer: str) -> Iterator[tuple[int, int]]:
    """Serve a peer's app; gives the process's id and the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, __file__, "--child", line, peer, str(port)]
    process = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"The server did not listen within {START_TIMEOUT} seconds.")


def ask_once(connection: HTTPConnection, ask: Ask) -> Answer:
    """Send a request and read the answer."""
    target = f"{ask.path}?{ask.query.decode()}".rstrip("?")
    headers = {name.decode(): value.decode() for name, value in (*TEN_HEADERS, *ask.headers)}
    connection.request(ask.method, target, ask.body, headers)
    answer = connection.getresponse()
    return Answer(answer.status, (), answer.read())


def check(line: Line, peer: str, port: int) -> None:
    answer = ask_once(HTTPConnection("127.0.0.1", port), line.ask)
    if not line.accepts(answer):
        raise RuntimeError(f"{peer} answered {line.name!r} with {answer.status} {answer.body!r}.")


def load_with_wrk(ask: Ask, port: int, seconds: float) -> int:
    """Load the server; returns how many requests it answered."""
    target = f"http://127.0.0.1:{port}{ask.path}?{ask.query.decode()}".rstrip("?")
    with tempfile.TemporaryDirectory(prefix="benchmark-wrk-") as folder:
        body, script = Path(folder, "body"), Path(folder, "script.lua")
        body.write_bytes(ask.body)
        script.write_text(wrk_script(ask, body))
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), target]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"(\d+) requests in", done.stdout)
    if found is None:
        raise RuntimeError(f"wrk reported no requests:\n{done.stdout}")
    return int(found[1])


def wrk_script(ask: Ask, body: Path) -> str:
    """What tells wrk the request; its body is read from a file."""
    lines = [f"wrk.method = {_lua(ask.method.encode())}"]
    lines += [
        f"wrk.headers[{_lua(name)}] = {_lua(value)}"
        for name, value in (*TEN_HEADERS, *ask.headers)
        if name != b"content-length"  # wrk tells it itself
    ]
    if ask.body:
        lines.append(f'wrk.body = io.open({_lua(str(body).encode())}, "rb"):read("*a")')
    return "\n".join(lines)


def _lua(value: bytes) -> str:
    """A Lua string of any bytes."""
    return '"' + "".join(f"\\{byte:03}" for byte in value) + '"'


def load_with_threads(ask: Ask, port: int, seconds: float) -> int:
    """`load_with_wrk` without wrk."""
    deadline = time.monotonic() + seconds

    def keep_asking(_: int) -> int:
        connection, answered = HTTPConnection("127.0.0.1", port), 0
        while time.monotonic() < deadline:
            ask_once(connection, ask)
            answered += 1
        return answered

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return sum(threads.map(keep_asking, range(CONNECTIONS)))


def cpu_seconds(process: int) -> float:
    """The CPU time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(line: Line, peer: str, seconds: float) -> float:
    """Microseconds of the server's CPU time a request."""
    with server(line.name, peer) as (process, port):
        check(line, peer, port)
        before = cpu_seconds(process)
        put_load = load_with_wrk if shutil.which("wrk") else load_with_threads
        answered = put_load(line.ask, port, seconds)
        return (cpu_seconds(process) - before) / answered * 1e6


def report(options: Namespace) -> None:
    peers, notes = load(chosen_peers(options))
    names = [name for name, peer in peers.items() if not getattr(peer, "IS_WSGI", False)]
    print(f"| server CPU, µs | {' | '.join(names)} |", f"|---{'|---:' * len(names)}|", sep="\n")
    for line in chosen_lines(options):
        if line.kind != "http" or line.sends_cookie:
            sys.exit(f"The line {line.name!r} is not measured here: it is no repeated request.")
        able = [name for name in names if hasattr(peers[name], line.name)]
        spent: dict[str, list[float]] = {name: [] for name in able}
        for _ in range(options.rounds):
            for name in able:
                spent[name].append(measure(line, name, options.seconds))
        cells = [f"{statistics.median(spent[n]):.1f}" if n in able else "–" for n in names]
        print(f"| {line.title} | {' | '.join(cells)} |", flush=True)
    print("", "Load from wrk." if shutil.which("wrk") else "Load from threads.", *notes, sep="\n")


def main() -> None:
    parser = make_parser(__doc__, lines="plaintext,json,user,hooks", peers=None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of load, in each round")
    parser.add_argument("--child", nargs=3, metavar=("LINE", "PEER", "PORT"))
    options = parser.parse_args()
    if options.child:
        line, peer, port = options.child
        serve(line, peer, int(port))
    elif not Path("/proc/self/stat").exists():
        print("Nothing was measured: this system has no /proc/self/stat.")
    else:
        report(options)


if __name__ == "__main__":
    main()
