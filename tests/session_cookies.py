"""What the tests of sessions share: an app, requests, and cookies that Flask has written."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from asyncflask.config import Config, ConfigAttribute
from asyncflask.wrappers.request import Request
from asyncflask.wrappers.response import Response

# Made by the session interface of Flask 3.1.3 with itsdangerous 2.2.0, TimestampSigner's clock at
# 1 700 000 000 seconds. Keys and contents are beside each.
KEY = "a very secret key"
FLASK_CLOCK = 1_700_000_000
FLASK_PLAIN = "eyJuYW1lIjoiQWRhIiwidXNlciI6NDJ9.ZVPxAA.dIiCevctwonl32bPNF9G6r23Mi8"
PLAIN = {"user": 42, "name": "Ada"}
FLASK_TYPES = (
    ".eJx1j0FvwjAMhf9K5HPEkpQyFgESF3aatAM3QChdDatImoomG1PV_z4nlXbbxbb89L1nD1D9BOxBD8Aq0LB9X14_3K6A"
    "kUNtAobGYRZrEvefkTP1wnZYMSXUnEmlC6FlyV7f9om4WHMFHe4R0-xNAC1nJQfr_W1yaXIL5zPogzyNxDhzv8Uurx1lrNBt"
    "HqsnqsmwxT5gnUTb9OR2SPCE8gFqxO7vctyu1zCOp0T5lo5uo7UcAj4IgNYcoxB4-UJ2jGohCiApdnZ6LlvS4tsDT1gyibHJ"
    "wSwSLlUxLxfPy_86Bf8CdIdfYA.ZVPxAA.2_ZUjYijMVWe0XUxUtEM45bDUO0"
)
TYPES = {
    "tuple": (1, "two", None),
    "bytes": b"\x00\xff raw",
    "markup": Markup("<em>x</em>"),
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "datetime": datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC),
    "look": {" t": [1]},
    "nested": {"list": [(1,), {"deep": b"x"}]},
    "text": "naïve ☃",
    "none": None,
    "float": 1.5,
    "flag": True,
}
FLASK_COMPRESSED = ".eJyrVsrJz0tXslJKTEpWGMWjeBRjx0q1AKcIAio.ZVPxAA.ywMEAHkb5nojRzJElzk5fbdIcVs"
COMPRESSED = {"long": "abc " * 200}
FLASK_PERMANENT = "eyJfcGVybWFuZW50Ijp0cnVlLCJ1c2VyIjo0Mn0.ZVPxAA.8Sden2mG9xC26H5fDNcgWw1GpSk"
PERMANENT = {"user": 42, "_permanent": True}
BYTES_KEY = b"bytes \xff key"
FLASK_BYTES_KEY = "eyJ1c2VyIjoxfQ.ZVPxAA.7jlgtm5hVAhCNFrQARksHAQAFGc"  # {"user": 1}
OLD_KEY = "an old secret key"
FLASK_OLD_KEY = "eyJ1c2VyIjo3fQ.ZVPxAA.Ktt5HLUhbgBP1-aiIPczb7Z43kE"  # {"user": 7}

DEFAULTS = {
    "SECRET_KEY": KEY,
    "SECRET_KEY_FALLBACKS": None,
    "PERMANENT_SESSION_LIFETIME": timedelta(days=36500),  # the recorded cookies stay valid
    "SESSION_COOKIE_NAME": "session",
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": None,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_SAMESITE": None,
    "SESSION_COOKIE_PARTITIONED": False,
    "SESSION_REFRESH_EACH_REQUEST": True,
    "APPLICATION_ROOT": "/",
    "MAX_COOKIE_SIZE": 4093,
}


class App:
    """What a session interface asks of an app."""

    secret_key = ConfigAttribute("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute("PERMANENT_SESSION_LIFETIME")

    logger = logging.getLogger("app")

    def __init__(self, **config):
        self.config = Config("", DEFAULTS)
        self.config.update(config)


def make_request(cookie=None, name="session"):
    headers = [] if cookie is None else [(b"cookie", f"{name}={cookie}".encode("latin-1"))]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1234),
        }
    )


def open_cookie(interface, app, cookie):
    return interface.open_session(app, make_request(cookie))


def save(interface, app, session):
    """The response after saving the session onto it."""
    response = Response("body")
    interface.save_session(app, session, response)
    return response


def written_cookie(response):
    """Value and attributes of the one cookie that the response sets."""
    (header,) = response.headers.getlist("Set-Cookie")
    pair, *attributes = header.split("; ")
    return pair.partition("=")[2], attributes
