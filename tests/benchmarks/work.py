"""What every peer's app works on, so that all do the same work. Knows no framework."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path

HELLO = "Hello, World!"
MESSAGE = {"message": HELLO}
SECRET_KEY = "a key of 32 bytes for benchmarking"
FIELDS = ("first", "last", "city", "language", "comment")
ROUTES = 1000
CHUNK = b"x" * 1024
CHUNKS = 1000
ECHOES = 1000
CROWD = 100
SYNC_SLEEP = 0.010  # seconds
ASYNC_SLEEP = 0.001  # seconds
UPLOAD = bytes(range(256)) * 4096  # 1 MiB

TEMPLATES = str(Path(__file__).parent / "templates")
ROWS = [{"number": number, "name": f"Item <{number}>", "price": number / 4} for number in range(20)]

SMALL_FILE, LARGE_FILE = "style.css", "photo.jpg"
_folder = tempfile.TemporaryDirectory(prefix="benchmark-static-")
atexit.register(_folder.cleanup)
STATIC = _folder.name
Path(STATIC, SMALL_FILE).write_bytes(b"p { margin: 0 }\n" * 256)  # 4 KiB
Path(STATIC, LARGE_FILE).write_bytes(UPLOAD)


class HookCalls:
    """Counts the before and after functions that ran; the driver looks whether all did."""

    count = 0

    def note(self) -> None:
        self.count += 1


HOOKS = HookCalls()
