"""An app on a real server that tells how much memory it has used; run by test_memory.py."""

from __future__ import annotations

import resource
import socket
import sys
from pathlib import Path

import uvicorn

from asyncflask import Flask, request

app = Flask("memory")
app.config["MAX_CONTENT_LENGTH"] = 1_000_000


def measure():
    return {"size": len(request.get_data())}


@app.post("/sync")
def measure_sync():
    return measure()


@app.post("/async")
async def measure_async():
    return measure()


@app.post("/form")
def measure_form():
    return {"size": len(request.files["f"].read())}


@app.post("/unread")
async def read_nothing():
    return "unread"


@app.post("/stream", stream_body=True)
async def measure_stream():
    return {"size": sum([len(chunk) async for chunk in request.stream])}


@app.post("/whole-stream", stream_body=True, max_content_length=None)
async def measure_whole_stream():
    return {"size": sum([len(chunk) async for chunk in request.stream])}


@app.post("/upload", max_content_length=None)
def upload():
    file = request.files["f"]
    size = 0
    while chunk := file.read(65536):
        size += len(chunk)
    return {"size": size}


@app.post("/kept", max_content_length=None)
def keep():
    size = 0
    while chunk := request.stream.read(65536):
        size += len(chunk)
    return {"size": size}


@app.get("/peak")
async def peak():
    """Kilobytes of memory at the peak."""
    status = Path("/proc/self/status")
    if not status.exists():
        return str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return dict(line.split(":", 1) for line in status.open())["VmHWM"].split()[0]


def serve(http: str, loop: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)  # noqa: T201  # the test reads it
    config = uvicorn.Config(app, http=http, loop=loop, lifespan="off", log_config=None)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(*sys.argv[1:])
