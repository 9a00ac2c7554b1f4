"""That the documentation's samples do what the pages say."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import uvicorn

from asyncflask import Flask, request, session
from asyncflask.cli import run_command
from asyncflask.globals import app_ctx, request_ctx
from tests.docs.conftest import PAGES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(PAGES.glob("*.md"))], ids=lambda page: page.stem
)
def test_samples_run(run_page, page):
    """Each page's samples run, one after the other, and make an app where they need one."""
    module = run_page(page)

    app = getattr(module, "app", None)
    assert not isinstance(app, Flask) or app.url_map is not None


def test_index(client_of):
    """The first sample greets, and takes orders."""
    client = client_of("index")

    assert client.get("/?name=Ada").text == "Hello, Ada!"
    assert client.post("/orders", json=[1]).json == {"received": [1]}


class TestQuickstart:
    def test_login(self, client_of):
        """The moved application logs in by a session."""
        client = client_of("quickstart")

        assert client.get("/").text.strip() == '<a href="/login">Log in</a>'
        assert client.post("/login", data={"name": ""}).status_code == 400
        page = client.post("/login", data={"name": "Ada"}, follow_redirects=True)
        assert page.text.strip() == "Logged in as Ada."

    def test_prices(self, client_of):
        """The async view gathers what it waits for."""
        response = client_of("quickstart").get("/prices?article=tea&article=cup")

        assert [price["article"] for price in response.json] == ["tea", "cup"]

    def test_proxy(self, client_of):
        """The middleware is in front of the app."""
        client = client_of("quickstart")

        with client:
            client.get("/login", headers={"X-Forwarded-For": "1.2.3.4"})
            assert request.remote_addr == "1.2.3.4"

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])  # a2wsgi knows no other
    async def test_mounted_wsgi_app(self, run_page, exchange):
        """The WSGI application answers what the app does not."""
        app = run_page(PAGES / "quickstart.md").app

        old, own = await exchange(app, "/page"), await exchange(app, "/login")

        assert old.body == b"the old site"
        assert b"<form" in own.body

    def test_command_that_changes_imports(self, tmp_path):
        """It changes both packages' imports, and the one module that has another name."""
        page = (PAGES / "quickstart.md").read_text("utf-8")
        command = re.search(r"^```\n(grep .*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
        source = tmp_path / "app.py"
        source.write_text(
            "import flask_sqlalchemy\nfrom flask.views import View\n"
            "def f():\n    from werkzeug.test import Client\n"
        )

        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)

        assert source.read_text() == (
            "import flask_sqlalchemy\nfrom asyncflask.views import View\n"
            "def f():\n    from asyncflask.testing import Client\n"
        )


class TestTimeLimits:
    def test_what_is_late(self, client_of):
        """It is answered by the error handler; the rest as ever."""
        client = client_of("time-limits")

        late = client.get("/quotes")

        assert (late.status_code, late.json) == (503, {"error": "Please try again."})
        assert client.get("/exports").json == {"rows": 0}
        assert client.get("/ticks").text == "0\n1\n2\n"
        assert client.get("/searches").json == {"found": []}

    def test_work_for_a_client_that_stays(self, client_of):
        """It is done to its end."""
        client = client_of("time-limits")

        assert client.post("/reports").json == {"rows": [0, 1, 4]}
        assert client.get("/primes").json["primes"][-1] == 29


class TestUploads:
    def test_saving(self, run_page, tmp_path):
        """The file is stored as it came, and fields are left out."""
        page = run_page(PAGES / "uploads.md")
        page.videos = tmp_path

        data = {"title": "T", "video": (BytesIO(b"film"), "a.mp4")}
        saved = page.app.test_client().post("/videos", data=data).json

        assert list(saved.values()) == [{"filename": "a.mp4", "size": 4}]
        assert (tmp_path / next(iter(saved))).read_bytes() == b"film"

    def test_checksums(self, client_of):
        """Of each part of the form, in a sync view."""
        data = {"a": "1", "f": (BytesIO(b"2"), "f.txt")}

        sums = client_of("uploads").post("/checksums", data=data).json

        assert sums == {
            "a": hashlib.sha256(b"1").hexdigest(),
            "f": hashlib.sha256(b"2").hexdigest(),
        }

    def test_notes(self, client_of):
        """Texts, whether fields or text files; not pictures; not too many."""
        client = client_of("uploads")
        files = [(BytesIO(b"two"), "b.txt", "text/plain"), (BytesIO(b"-"), "c.png", "image/png")]

        notes = client.post("/notes", data={"a": "one", "f": files}).json
        refused = client.post("/notes", data={"a": (BytesIO(b"x" * 10_001), "a.txt")})

        assert notes == {"notes": ["one", "two"]}
        assert refused.status_code == 413


class TestRequestData:
    def test_form_and_json(self, client_of):
        """Read alike in sync and async views."""
        client = client_of("request-data")

        assert client.post("/notes", data={"title": "a"}).json == {"title": "a"}
        assert client.post("/api/notes", json={"title": "b"}).json == {"title": "b"}

    def test_limit_of_a_route(self, client_of):
        """The route's limit applies, and its error is handled."""
        client = client_of("request-data")

        assert client.post("/pings", data=b"x" * 16).json == {"length": 16}
        response = client.post("/pings", data=b"x" * 17)
        assert (response.status_code, response.json) == (413, {"error": "Send less."})

    def test_limit_raised_by_a_hook(self, client_of):
        """The hook lets more through, where it wants to."""
        client = client_of("request-data")

        response = client.post("/pings", data=b"x" * 20, headers={"X-Plan": "large"})

        assert response.json == {"length": 20}

    def test_upload(self, run_page, tmp_path):
        """The file is stored under its own name, made safe."""
        page = run_page(PAGES / "request-data.md")
        page.uploads = tmp_path
        file = (BytesIO(b"content"), "../a b.txt")

        response = page.app.test_client().post("/uploads", data={"file": file})

        assert response.json == {"saved": "a_b.txt"}
        assert (tmp_path / "a_b.txt").read_bytes() == b"content"

    def test_video(self, client_of):
        """A route of its own limit takes files."""
        data = {"video": (BytesIO(b"content"), "a.webm", "video/webm")}

        response = client_of("request-data").post("/videos", data=data)

        assert response.json == {"filename": "a.webm", "type": "video/webm"}

    def test_streams(self, client_of):
        """The body is read as it comes, in async and sync code and in class-based views."""
        client = client_of("request-data")
        checksum = hashlib.sha256(b"a\nb\n").hexdigest()

        assert client.post("/checksums", data=b"a\nb\n").json == {"sha256": checksum}
        assert client.post("/lines", data=b"a\nb\n").json == {"lines": 2}
        assert client.put("/archives/x", data=b"abc").json == {"name": "x", "size": 3}


class TestLifespan:
    def test_functions_run_around_the_requests(self, client_of, caplog):
        """The pool is open within the block, and closed after it."""
        client = client_of("lifespan")
        app = client.application
        app.logger.setLevel("INFO")
        with client:
            is_open = app.state.pool.is_open

        assert (is_open, app.state.pool.is_open) == (True, False)
        assert [record.getMessage() for record in caplog.records] == [
            "The shop opens.",
            "The shop closes.",
        ]

    def test_state_of_the_requests(self, client_of):
        """What the context manager yields is each request's."""
        page = sys.modules[client_of("lifespan").application.import_name]
        with page.shop.test_client() as client:
            assert client.get("/").json == {"open": True}

    def test_background_tasks(self, client_of):
        """Tasks of sync and async views have run when the block is left."""
        client = client_of("lifespan")
        with client:
            client.post("/orders", json={"email": "ada@example.com"})
            client.post("/reports")

        sent = client.application.state.pool.sent
        assert sorted(sent) == ["Thank you, ada@example.com."] * 2 + ["The report is written."]


def test_testing(samples_of, tmp_path):
    """The page's samples are a test module that passes."""
    (tmp_path / "test_page.py").write_text("".join(samples_of(PAGES / "testing.md")))

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert "skipped" not in run.stdout


class TestConfiguration:
    def test_every_key_is_there(self):
        """Each key has a row, with its default."""
        page = (PAGES / "configuration.md").read_text("utf-8")
        rows = re.findall(r"^\| `([A-Z_]+)` \| `(.*?)` \|", page, re.MULTILINE)

        documented = {key: eval(default, {"timedelta": timedelta}) for key, default in rows}

        # DEBUG's None is the command line's to fill in.
        assert documented == {**Flask.default_config, "DEBUG": False}

    def test_sample(self, run_page):
        """The sample sets what it says."""
        app = run_page(PAGES / "configuration.md").app

        assert app.permanent_session_lifetime == timedelta(hours=8)
        assert app.config["THREADPOOL_SIZE"] == 20


class TestSecurity:
    def test_sample(self, client_of):
        """The cookie is for HTTPS alone, and every response has its policies."""
        client = client_of("security")

        response = client.get("/visits", base_url="https://shop.example.org")

        assert response.json == {"visits": 1, "host": "shop.example.org"}
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in response.headers["Set-Cookie"]

    def test_trusted_hosts(self, client_of):
        """Another host is refused."""
        client = client_of("security")

        assert client.get("/visits", base_url="https://evil.example").status_code == 400

    def test_limits(self):
        """The defaults in the table are those of the configuration."""
        text = (PAGES / "security.md").read_text()
        config = Flask("limits").config

        for key, shown in {
            "MAX_CONTENT_LENGTH": "16 MiB",
            "MAX_FORM_MEMORY_SIZE": "500 000 bytes",
            "MAX_FORM_PARTS": "1000",
            "BODY_TIMEOUT": "60 s",
            "WEBSOCKET_MAX_MESSAGE_SIZE": "16 MiB",
        }.items():
            number, _, unit = shown.replace("500 000", "500000").partition(" ")
            assert config[key] == int(number) * (1024 * 1024 if unit == "MiB" else 1)
            assert re.search(rf"`{key}`.*\| {re.escape(shown)} \|", text), key


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["greet", "Ada"], "Hello Ada, this is page_command_line.\n"),
        (["users", "count"], "3\n"),
    ],
)
def test_command_line(run_page, arguments, output):
    """Commands run, sync and async."""
    runner = run_page(PAGES / "command-line.md").app.test_cli_runner()

    assert runner.invoke(args=arguments).output == output


def options_of(command):
    """The long options of a Click command."""
    names = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return {name for name in names if name.startswith("--")}


def test_options_of_run():
    """The page has every option of the run command, and no other."""
    section = (PAGES / "command-line.md").read_text("utf-8").partition("## run")[2]

    named = set(re.findall(r"`(--[a-z-]+)", section.partition("## Environment")[0]))

    unnamed = {"--no-debug", "--no-debugger", "--without-threads"}
    assert named | unnamed == options_of(run_command)


class TestDeploying:
    def test_options_of_uvicorn(self):
        """Every option that the page names is one of uvicorn's, but for the other servers'."""
        page = (PAGES / "deploying.md").read_text("utf-8")
        page = re.sub(r"^## Other servers$.*?^## ", "## ", page, flags=re.MULTILINE | re.DOTALL)

        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))

        assert named <= options_of(uvicorn.main)

    def test_proxy(self, client_of):
        """The proxy's headers are believed."""
        response = client_of("deploying").get(
            "/",
            headers={
                "X-Forwarded-For": "1.2.3.4",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "example.org",
                "X-Forwarded-Prefix": "/shop",
            },
        )

        assert response.json == {"client": "1.2.3.4", "url": "https://example.org/shop/"}


class TestOtherApplications:
    def test_paths(self, client_of):
        """Each path leads to the application that the page says."""
        client = client_of("other-applications")

        assert client.get("/").text == "The app's own page"
        assert client.get("/api/items/7").json == {"item": 7}
        assert client.get("/shop/prices/").text == "/shop/prices/"

    def test_session(self, client_of):
        """What the Flask app writes into the session, the async view reads."""
        client = client_of("other-applications")

        client.get("/shop/login")

        assert client.get("/me").text == "Ada"

    def test_fallback(self, client_of):
        """The old app has what has not moved, by path and method."""
        client = client_of("other-applications")

        assert client.get("/orders").text == "the new list"
        assert client.post("/orders").text == "the old form"

    def test_middleware(self, client_of):
        """Each of the middlewares adds its header."""
        response = client_of("other-applications").get(
            "/", headers={"Origin": "https://example.org"}
        )

        assert response.headers["X-Powered-By"] == "asyncflask"
        assert response.headers["Access-Control-Allow-Origin"] == "https://example.org"


class TestExtensions:
    def test_timing(self, client_of):
        """The extension's hooks run."""
        assert float(client_of("extensions").get("/").headers["X-Seconds"]) >= 0

    def test_async_sessions(self, run_page):
        """An async session interface keeps a session."""
        page = run_page(PAGES / "extensions.md")
        app = Flask(__name__)
        app.session_interface = page.MemorySessions()

        @app.get("/")
        def count():
            session["count"] = session.get("count", 0) + 1
            return str(session["count"])

        client = app.test_client()

        assert [client.get("/").text, client.get("/").text] == ["1", "2"]


class TestDifferences:
    def test_contexts_are_one(self):
        """In a request both names lead to one object."""
        with Flask(__name__).test_request_context():
            assert request_ctx._get_current_object() is app_ctx._get_current_object()

    def test_default_limit(self):
        """A body has a limit by default."""
        assert Flask.default_config["MAX_CONTENT_LENGTH"] == 16 * 1024 * 1024

    def test_user_agent(self):
        """The test client calls itself what the page says."""
        app = Flask(__name__)
        app.add_url_rule("/", "agent", lambda: str(request.user_agent))

        assert app.test_client().get("/").text == "asyncflask-test-client"
