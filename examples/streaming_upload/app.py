"""Streaming upload: files of any size go to the disk while they come."""

import hashlib
import itertools
import os
from pathlib import Path
from uuid import uuid4

import anyio

from asyncflask import Flask, redirect, render_template, request, url_for
from asyncflask.exceptions import BadRequest
from asyncflask.utils import secure_filename

app = Flask(__name__)
app.config.from_mapping(
    MAX_CONTENT_LENGTH=4 * 1024**3,
    UPLOAD_FOLDER=os.path.join(app.instance_path, "uploads"),
)
# FLASK_UPLOAD_FOLDER, FLASK_MAX_CONTENT_LENGTH … in the environment go before these.
app.config.from_prefixed_env()


@app.get("/")
def index():
    newest_first = sorted(
        folder("files").iterdir(), key=lambda path: path.stat().st_mtime, reverse=True
    )
    files = [
        {"name": path.name, "size": path.stat().st_size, "sha256": sum_of(path)}
        for path in newest_first
    ]
    return render_template("index.html", files=files)


@app.post("/", stream_body=True)
async def upload():
    saved = 0
    async for part in request.multipart():
        if part.filename:
            await store(part)
            saved += 1
    if not saved:
        raise BadRequest("Choose a file first.")
    return redirect(url_for("index"), 303)


async def store(part):
    """Save a file beside the others, and list it once it is complete."""
    name = secure_filename(part.filename)
    if not name:
        raise BadRequest(f"{part.filename!r} is no name for a file.")
    # In a thread, as everything that waits for the disk.
    target = await anyio.to_thread.run_sync(HashedFile)
    try:
        await part.save(target)
        await anyio.to_thread.run_sync(target.finish, name)
    finally:
        # Also where the client has gone, or the disk is full: nothing half done stays.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(target.discard)


class HashedFile:
    """A file that is not complete yet, hashed on the way."""

    def __init__(self):
        self.path = folder("incoming") / uuid4().hex
        self.file = open(self.path, "xb")  # noqa: SIM115  # discard closes it
        self.digest = hashlib.sha256()

    def write(self, data):
        self.digest.update(data)
        self.file.write(data)

    def finish(self, name):
        """Give the complete file its name, or that with a number where it is taken."""
        self.file.close()
        for candidate in names_like(name):
            path = folder("files") / candidate
            try:
                # A link fails where the name is taken, also if another request took it just now.
                path.hardlink_to(self.path)
            except FileExistsError:
                continue
            (folder("sums") / candidate).write_text(self.digest.hexdigest())
            return

    def discard(self):
        self.file.close()
        self.path.unlink()


def folder(name):
    path = Path(app.config["UPLOAD_FOLDER"], name)
    path.mkdir(parents=True, exist_ok=True)
    return path


def sum_of(path):
    sums = folder("sums") / path.name
    return sums.read_text() if sums.exists() else ""


def names_like(name):
    """For `tea.txt`: `tea.txt`, `tea-2.txt`, `tea-3.txt` …"""
    path = Path(name)
    yield name
    for number in itertools.count(2):
        yield f"{path.stem}-{number}{path.suffix}"
