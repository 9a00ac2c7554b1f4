"""A session that is kept on the server."""

import tempfile

from cachelib.file import FileSystemCache
from flask import Flask, session
from flask_session import Session

app = Flask(__name__)
app.config.update(
    SESSION_TYPE="cachelib",
    SESSION_CACHELIB=FileSystemCache(cache_dir=tempfile.mkdtemp(prefix="trial-sessions-")),
)
Session(app)


@app.post("/set/<value>")
def set_value(value):
    session["value"] = value
    return "set"


@app.get("/get")
def get_value():
    return f"value {session.get('value', 'none')}"


@app.post("/clear")
def clear():
    session.clear()
    return "cleared"


@app.get("/sid")
def sid():
    return session.sid
