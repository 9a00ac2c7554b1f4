"""What all tests share."""

from __future__ import annotations

import errno
import faulthandler
import os
import socket
import struct
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import uvicorn
from hypothesis import settings

from asyncflask.wrappers import page_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Fail a test run that does not end within a minute, and say what its threads wait for."""
    faulthandler.dump_traceback_later(60, exit=True)


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
        pytest.param(("trio", {}), id="trio"),
    ]
)
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Every event loop that the package promises to run on."""
    return request.param


@dataclass
class Exchange:
    """What an ASGI application sent for one request."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


@dataclass
class Disk:
    """A disk whose system reads at once what it has in memory; set what it is to do."""

    state: str = "ready"

    def preadv(self, descriptor: int, buffers: list[Any], offset: int, flags: int) -> int:
        assert flags == 8
        if self.state == "cold":
            raise BlockingIOError(errno.EAGAIN, "not in memory")
        if self.state == "unable":
            raise OSError(errno.EOPNOTSUPP, "not supported")
        os.lseek(descriptor, offset, os.SEEK_SET)
        if self.state == "partly cold":
            buffers = [memoryview(buffer)[:1] for buffer in buffers]
        return os.readv(descriptor, buffers)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The same on every system; no file has been read yet."""
    disk = Disk()
    functions = SimpleNamespace(**{**vars(os), "preadv": disk.preadv})
    monkeypatch.setattr(page_cache, "os", functions)
    monkeypatch.setattr(page_cache, "_AT_ONCE", 8)
    monkeypatch.setattr(page_cache, "_at_hand_until", {})
    return disk


@pytest.fixture
def exchange() -> Any:
    """Call an ASGI application as a server does, and keep what it sends.

    The client waits for the answer for ever; `receive` and `send` may be given to do otherwise.
    """

    async def exchange(
        app: Any,
        path: str = "/",
        *,
        headers: dict[str, str] | None = None,
        receive: Any = anyio.sleep_forever,
        send: Any = None,
        **changes: Any,
    ) -> Exchange:
        answer = Exchange()

        async def keep(message: dict[str, Any]) -> None:
            answer.messages.append(message)
            if send is not None:
                await send(message)

        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "root_path": "",
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "server": ("localhost", 80),
        }
        await app(scope | changes, receive, keep)
        return answer

    return exchange


class ExactReader(socket.SocketIO):
    """Reads no more than it is asked for, so that the next response stays on the connection."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return super().read(size) or b""
        received = b""
        while len(received) < size and (data := super().read(size - len(received))):
            received += data
        return received


class Answer:
    """One response, as a client sees it."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        self.text = self.body.decode("utf-8", "replace")


class Connection:
    """Sends bytes as they are given, however wrong, and reads responses."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def send(self, *lines: str | bytes, body: bytes = b"") -> None:
        """Send a head, whose line ends are added, and a body; with no line the body alone."""
        raw = [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
        self.socket.sendall(b"\r\n".join([*raw, b"", b""]) + body if raw else body)

    def read(self, method: str = "GET") -> Answer:
        """Read the next response, which is one to `method`."""
        response = HTTPResponse(self.socket, method=method)
        response.fp = ExactReader(self.socket, "rb")
        response.begin()
        return Answer(response)

    def ask(self, *lines: str | bytes, body: bytes = b"") -> Answer:
        """Send a request and read its response."""
        self.send(*lines, body=body)
        first = lines[0].encode("latin-1") if isinstance(lines[0], str) else lines[0]
        return self.read(first.partition(b" ")[0].decode("latin-1"))

    def read_all(self) -> bytes:
        """Read until the server closes the connection."""
        received = b""
        try:
            while data := self.socket.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        return received

    def close(self) -> None:
        """Go away at once: what is still under way is lost, as when a cable is cut."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class LiveServer(uvicorn.Server):
    """A real server in a thread of its own, on a free port."""

    def __init__(self, app: Any, **options: Any) -> None:
        options = {"lifespan": "off", "log_config": None, **options}
        super().__init__(uvicorn.Config(app, **options))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._has_started = threading.Event()
        self._thread = threading.Thread(target=self.run, kwargs={"sockets": [self._listener]})
        self._thread.start()
        assert self._has_started.wait(20)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._has_started.set()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection that gives up after 20 seconds of silence."""
        with socket.create_connection(self.address, timeout=20) as connection:
            yield Connection(connection)

    def ask(self, *lines: str | bytes, body: bytes = b"") -> Answer:
        """Send a request on a connection of its own, and read its response."""
        with self.connect() as connection:
            return connection.ask(*lines, body=body)

    def stop(self) -> None:
        """Shut down, and wait for it."""
        self.should_exit = True
        self._thread.join(20)
        self._listener.close()
        assert not self._thread.is_alive()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param({"http": "h11", "loop": "asyncio"}, id="h11-asyncio"),
        pytest.param({"http": "httptools", "loop": "uvloop"}, id="httptools-uvloop"),
    ],
)
def serve(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Serve an app with both of uvicorn's HTTP parsers; the servers live as long as the module.

    `serve(app, **options)` takes uvicorn's options and gives a LiveServer.
    """
    servers: list[LiveServer] = []

    def serve(app: Any, **options: Any) -> LiveServer:
        servers.append(LiveServer(app, **{**request.param, **options}))
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder; the environment and the imported modules are put back after."""
    environment, modules = dict(os.environ), set(sys.modules)
    for name in environment:
        if name.startswith(("ASYNCFLASK_", "FLASK_")):
            del os.environ[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    yield tmp_path

    os.environ.clear()
    os.environ.update(environment)
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def write(project: Path) -> Callable[[str, str], Path]:
    """Write a file of the project, its folders too; gives its path."""

    def write_file(name: str, text: str) -> Path:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_file
