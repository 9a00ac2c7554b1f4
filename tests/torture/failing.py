"""An app whose start-up fails."""

from __future__ import annotations

from asyncflask import Flask

app = Flask("failing")


@app.before_serving
async def connect() -> None:
    raise LookupError("there is no database")
