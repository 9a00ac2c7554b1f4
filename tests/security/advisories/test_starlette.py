"""Past advisories of Starlette: each test sends what triggered one, and is named for it."""

from __future__ import annotations

import json
import threading
from urllib.parse import urlsplit

import anyio
import pytest

from asyncflask import Flask, Request, request, send_file
from asyncflask.views import MethodView

HOST = "Host: localhost"
MULTIPART = "Content-Type: multipart/form-data; boundary=bb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    for name in ("static", "static-secret"):
        (folder / name).mkdir()
        (folder / name / "file.txt").write_text(name * 1000)
    (folder / "static1.txt").write_text("static1")
    return folder


class Endpoint(MethodView):
    def get(self):
        return "get"

    def internal(self):
        return "secret"


@pytest.fixture(scope="module")
def server(serve, folder):
    app = Flask("advisories", root_path=str(folder))
    app.config["MAX_CONTENT_LENGTH"] = None
    app.add_url_rule("/endpoint", view_func=Endpoint.as_view("endpoint"))
    app.add_url_rule("/file", view_func=lambda: send_file("static/file.txt"))

    @app.get("/admin")
    def admin():
        return "secret"

    @app.before_request
    def keep_out():
        return ("keep out", 403) if urlsplit(request.url).path == "/admin" else None

    @app.post("/form")
    async def form():
        return {"fields": len(request.form), "files": len(request.files)}

    return serve(app, h11_max_incomplete_event_size=1_000_000)


@pytest.fixture
def post(server):
    def post(body, content_type=MULTIPART):
        length = f"Content-Length: {len(body)}"
        return server.ask("POST /form HTTP/1.1", HOST, content_type, length, body=body)

    return post


@pytest.mark.parametrize("name", ["static-secret/file.txt", "static1.txt"])
@pytest.mark.parametrize("up", ["../", "..%2f", "%2e%2e/", "%2e%2e%2f"])
def test_cve_2023_29159(server, name, up):
    """Files beside the static folder whose path starts with its name are none of its files."""
    assert server.ask(f"GET /static/{up}{name} HTTP/1.1", HOST).status == 404


@pytest.mark.parametrize("options", [b"", b'; filename="f"'])
def test_cve_2023_30798(post, options):
    """A form has so many parts and no more."""
    part = b'--bb\r\nContent-Disposition: form-data; name="a"' + options + b"\r\n\r\n\r\n"

    assert post(part * 20_000 + b"--bb--\r\n").status == 413


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "content_type",
    [
        'application/x-www-form-urlencoded; !="' + "\\" * 50_000,
        "multipart/form-data; boundary=" + '"\\' * 25_000,
        "multipart/form-data" + ";" * 50_000,
        "multipart/form-data; " + "a=" * 25_000,
    ],
    ids=range(4),
)
def test_cve_2024_24762(post, content_type):
    """No Content-Type takes long to read. (python-multipart's and FastAPI's, too.)"""
    assert post(b"a=b", f"Content-Type: {content_type}").status in {200, 400}


def test_cve_2024_47874(post):
    """A part without a file name is a field, and bounded as one."""
    head = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\n'

    assert post(head + b"x" * 20_000_000 + b"\r\n--bb--\r\n").status == 413


@pytest.mark.anyio
async def test_cve_2025_54121(exchange):
    """A large file moves to disk in a thread, and does not hold up the event loop."""
    threads = set()

    class NotingRequest(Request):
        def _get_file_stream(self, *args, **kwargs):
            stream = super()._get_file_stream(*args, **kwargs)
            rollover = stream.rollover

            def note():
                threads.add(threading.get_ident())
                rollover()

            stream.rollover = note
            return stream

    app = Flask("rollover")
    app.request_class = NotingRequest
    app.add_url_rule("/", view_func=lambda: str(len(request.files["f"].read())), methods=["POST"])
    body = b'--bb\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n%b\r\n--bb--\r\n'
    body %= b"x" * 5_000_000
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return messages.pop() if messages else await anyio.sleep_forever()

    headers = {
        "Content-Type": "multipart/form-data; boundary=bb",
        "Content-Length": str(len(body)),
        "Host": "localhost",
    }
    answer = await exchange(app, method="POST", headers=headers, receive=receive)

    assert answer.body == b"5000000"
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", ["/file", "/static/file.txt"])
def test_cve_2025_62727(server, path):
    """Thousands of ranges that overlap, or do not, are not merged but refused."""
    for ranges in ("0-1," * 12_000, ",".join(f"{n}-{n + 5}" for n in range(0, 40_000, 10))):
        answer = server.ask(f"GET {path} HTTP/1.1", HOST, f"Range: bytes={ranges}")
        assert answer.status == 416


@pytest.mark.parametrize(
    "host", ["a/?x=", "a?", "a#", "localhost/x?", "a/..", "a/admin/..", "a\\", "a/b/c?d#e"]
)
def test_cve_2026_48710(server, host):
    """No character in a Host makes another path of the URL."""
    assert server.ask("GET /admin HTTP/1.1", f"Host: {host}").status == 400


@pytest.mark.parametrize(
    "method", ["INTERNAL", "internal", "METHODS", "DISPATCH_REQUEST", "AS_VIEW"]
)
def test_cve_2026_48817(server, method):
    """A class's other methods answer no request, whatever the client calls its method."""
    answer = server.ask(f"{method} /endpoint HTTP/1.1", HOST)

    assert answer.status in {400, 405}
    assert "secret" not in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["@google.com", "@google.com/admin", "google.com", ":80@x/"])
async def test_pysec_2026_248(exchange, path):
    """A path that does not start with a slash moves no boundary of the URL."""
    app = Flask("path")
    seen = []
    app.before_request(lambda: seen.append(urlsplit(request.url)))

    await exchange(app, path, headers={"Host": "localhost"})

    assert [(url.netloc, url.path) for url in seen] == [("localhost", f"/{path}")]


@pytest.mark.parametrize("body", [b"a=1&" * 5000, b"a=" + b"x" * 600_000, b"x" * 600_000 + b"=a"])
def test_cve_2026_54283(post, body):
    """The limits of forms hold for URL-encoded ones, too."""
    assert post(body, "Content-Type: application/x-www-form-urlencoded").status == 413


def test_ordinary_forms_are_read(post):
    """So that the others show something."""
    body = b'--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--bb--\r\n'

    assert json.loads(post(body).text) == {"fields": 1, "files": 0}
