"""What is imported while the server starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

APP = """
import sys
from asyncflask import Blueprint, Flask

app = Flask("hello", root_path={root!r})
app.add_url_rule("/", view_func=lambda: "Hello, World!", endpoint="hello")
{set_up}

async def main():
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive():
        return {{"type": next(messages)}}

    async def send(message):
        if message["type"] == "lifespan.startup.complete":
            print(*sys.modules)

    await app({{"type": "lifespan", "state": {{}}}}, receive, send)

import anyio
anyio.run(main)
"""
KINDS = {
    "asyncflask.signing": 'app.secret_key = "k" * 16',
    "jinja2": 'app.register_blueprint(Blueprint("b", "b", template_folder={!r}))',
    "multipart": 'app.add_url_rule("/form", methods=["POST"], endpoint="form")',
    "asyncflask.dispatch.websockets": 'app.add_websocket("/ws", endpoint="ws")',
}


def modules_at_start_up(root, set_up=""):
    """The names of the modules that a server has when it has started an app."""
    code = APP.format(root=str(root), set_up=set_up)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_nothing_that_the_app_does_not_need(tmp_path):
    """The server of an app without any of it imports nothing for it."""
    assert modules_at_start_up(tmp_path) & set(KINDS) == set()


@pytest.mark.parametrize(("module", "set_up"), KINDS.items())
def test_what_requests_will_need(tmp_path, module, set_up):
    """What the set-up announces is imported before the first request waits for it."""
    (tmp_path / "pages").mkdir()

    modules = modules_at_start_up(tmp_path, set_up.format(str(tmp_path / "pages")))

    assert module in modules & set(KINDS)
    assert len(modules & set(KINDS)) == 1
