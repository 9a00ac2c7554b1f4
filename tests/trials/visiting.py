"""An application under a real server on a loopback port, and a visitor who keeps cookies."""

from __future__ import annotations

import contextlib
import json as json_module
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import IO, TYPE_CHECKING, Any

from workshop import TrialError, clean_environ, end_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message
    from http.client import HTTPResponse
    from pathlib import Path

START_SECONDS = 30
REQUEST_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Message
    text: str

    @property
    def json(self) -> Any:
        return json_module.loads(self.text)


class _KeepEveryAnswer(urllib.request.HTTPErrorProcessor):
    """Follows no redirect and raises for no status."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> Any:
        return response


@dataclass(slots=True)
class Visitor:
    """Makes requests of one server, keeps cookies, and counts the answers that were as expected."""

    url: str
    asked: int = 0
    surprises: list[str] = field(default_factory=list)
    _opener: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start again without cookies."""
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        proxies = urllib.request.ProxyHandler({})
        self._opener = urllib.request.build_opener(_KeepEveryAnswer, cookies, proxies)

    def expect(
        self,
        method: str,
        path: str,
        status: int = 200,
        contains: str = "",
        *,
        to: str | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] = {},
    ) -> Answer:
        """Make one request; note a surprise if the answer is another than the one described.

        Args:
            contains: what the body has somewhere.
            to: what the Location header is.
        """
        self.asked += 1
        answer = self._ask(method, path, form, json, headers)
        seen = f"{method} {path}: {answer.status}"
        if answer.status != status:
            self.surprises.append(f"{seen}, not {status}: {answer.text[:300]}")
        elif contains not in answer.text:
            self.surprises.append(f"{seen} without {contains!r}: {answer.text[:300]}")
        elif to is not None and answer.headers["Location"] != to:
            self.surprises.append(f"{seen} to {answer.headers['Location']}, not {to}")
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None,
        json: Any,
        headers: Mapping[str, str],
    ) -> Answer:
        body, kind = None, {}
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
        elif json is not None:
            body, kind = json_module.dumps(json).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(
            self.url + path, data=body, headers={**kind, **headers}, method=method
        )
        with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
            return Answer(response.status, response.headers, response.read().decode())


@contextlib.contextmanager
def serving(command: list[str], folder: Path) -> Iterator[Visitor]:
    """Start a server in `folder` for the block; give a visitor to it.

    Args:
        command: the server's, with "{port}" where the port goes.
    Raises:
        TrialError: it does not listen in time, or the block could not reach it.
    """
    port = _free_port()
    command = [part.format(port=port) for part in command]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=clean_environ(), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_until_listening(process, port)
            yield Visitor(f"http://127.0.0.1:{port}")
        except (OSError, ValueError, LookupError) as exc:
            raise TrialError(f"{exc!r} with {' '.join(command)}\n{_written(log)}") from exc
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildProcessError(f"The server ended with exit code {process.returncode}.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"The server does not listen after {START_SECONDS} s.")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        end_group(process)
        process.wait(timeout=10)


def _written(log: IO[str]) -> str:
    log.seek(0)
    return log.read()
