"""Notepad: an app factory, two blueprints, SQLite and templates that inherit."""

import os
import secrets

from asyncflask import Flask

from . import auth, db, errors, notes


def create_app(config=None):
    """Make an app. Each source of configuration goes before the ones above it.

    `config` is a mapping, for tests. `config.py` in the instance folder is for a deployment:
    it sets a SECRET_KEY that stays, and SESSION_COOKIE_SECURE where there is HTTPS.
    """
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        SECRET_KEY=secrets.token_hex(),
        # Other sites cannot post forms in the name of who is logged in here.
        SESSION_COOKIE_SAMESITE="Lax",
        DATABASE=os.path.join(app.instance_path, "notepad.sqlite"),
    )
    app.config.from_pyfile("config.py", silent=True)
    app.config.from_prefixed_env()
    app.config.from_mapping(config or {})

    db.init_app(app)
    errors.init_app(app)
    app.register_blueprint(auth.blueprint)
    app.register_blueprint(notes.blueprint)
    return app
