"""One SQLite connection for each context that asks for it, closed when the context ends.

All functions of a sync request run in one worker thread, which is what sqlite3 wants.
"""

import sqlite3
from pathlib import Path

import click

from asyncflask import current_app, g


def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"])
        g.db.row_factory = sqlite3.Row
        g.db.execute("PRAGMA foreign_keys = ON")
    return g.db


def close_db(exc=None):
    db = g.pop("db", None)
    if db is not None:
        db.close()


def init_db():
    """Make the tables that do not exist yet."""
    Path(current_app.config["DATABASE"]).parent.mkdir(parents=True, exist_ok=True)
    with current_app.open_resource("schema.sql", "r") as schema:
        get_db().executescript(schema.read())


def init_app(app):
    app.teardown_appcontext(close_db)

    @app.cli.command("init-db")
    def init_db_command():
        """Make the tables that do not exist yet."""
        init_db()
        click.echo(f"The database is ready: {app.config['DATABASE']}")
