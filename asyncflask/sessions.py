"""The session, and the interface that opens and saves it; by default it is a signed cookie.

Knows an app's settings and a request's cookies; who opens a session, and when, is not known here.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, MutableMapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from .config import Config, ConfigAttribute
from .datastructures import CallbackDict
from .http import http_date
from .http.cookies import frame_cookie
from .json.tag import TaggedJSONSerializer

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping

    from itsdangerous import URLSafeTimedSerializer

    from .http.cookies import CookieFrame
    from .wrappers.request import Request
    from .wrappers.response import Response


# Bytes of a secret key that nobody can try out: 128 bits, if they are random.
_SHORTEST_GOOD_KEY = 16


class SessionApp(Protocol):
    """What a session interface needs of the app."""

    @property
    def config(self) -> Mapping[str, Any]: ...

    @property
    def secret_key(self) -> str | bytes | None: ...

    @property
    def permanent_session_lifetime(self) -> timedelta: ...

    @property
    def logger(self) -> logging.Logger: ...


class SessionMixin(MutableMapping[str, Any]):
    """What makes any mutable mapping a session."""

    new = False
    """Whether the session was made in this request; interfaces that know set it."""

    modified = True
    """Whether the session changed. True where nothing tracks it, so that changes are never lost."""

    accessed = False
    """Whether the request used the session, reading included: the answer depends on the cookie.

    The context sets it when the session is asked for: no mapping method can be forgotten.
    """

    @property
    def permanent(self) -> bool:
        """Whether the session outlives the browser, by the app's `permanent_session_lifetime`."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


def _mark_modified(session: Any) -> None:
    session.modified = True


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):
    """A session whose own changes set `modified`.

    A change inside a value (`session["cart"].append(1)`) is not seen: set `modified` yourself.
    """

    modified = False
    on_update = staticmethod(_mark_modified)

    # PERF: CallbackDict's methods in place, here and below: 0.2 µs to make one, not 0.4.
    def __init__(
        self, initial: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None
    ) -> None:
        dict.__init__(self, () if initial is None else initial)

    # PERF: 0.17 µs in place of 0.27.
    def __setitem__(self, key: str, value: Any) -> None:
        dict.__setitem__(self, key, value)
        if self.on_update is not None:
            self.on_update(self)


def _refuse_write(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    raise RuntimeError(
        "The session is unavailable because no secret key was set. Set the secret_key on the"
        " application to something unique and secret, such as the output of"
        " `python -c 'import secrets; print(secrets.token_hex())'`."
    )


class NullSession(SecureCookieSession):
    """The empty session of an app without a secret key: reading works, writing explains."""

    __setitem__ = _refuse_write
    __delitem__ = _refuse_write
    __ior__ = _refuse_write
    clear = _refuse_write
    pop = _refuse_write
    popitem = _refuse_write
    setdefault = _refuse_write
    update = _refuse_write


class SessionInterface:
    """How sessions are opened and saved: give it `open_session` and `save_session`.

    Both may be async functions. What a session is made of, and what the cookie looks like,
    is read from the app's configuration by the methods below, which may be overridden too.
    """

    null_session_class: type[Any] = NullSession
    """Made by `make_null_session`, and what `is_null_session` looks for."""

    pickle_based = False
    """Whether values are pickled, so that any type is kept. A hint to extensions."""

    def make_null_session(self, app: SessionApp) -> NullSession:
        """The session of a request for which `open_session` returned None."""
        session: NullSession = self.null_session_class()
        return session

    def is_null_session(self, obj: object) -> bool:
        """Whether the session stands for a missing one, and is not to be saved."""
        # PERF: 0.03 µs, where isinstance of an abstract class takes 0.2.
        if type(obj) is SecureCookieSession and self.null_session_class is NullSession:
            return False
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: SessionApp) -> str:
        """SESSION_COOKIE_NAME."""
        name: str = app.config["SESSION_COOKIE_NAME"]
        return name

    def get_cookie_domain(self, app: SessionApp) -> str | None:
        """SESSION_COOKIE_DOMAIN; None sends the cookie back to this very host only."""
        domain: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return domain

    def get_cookie_path(self, app: SessionApp) -> str:
        """SESSION_COOKIE_PATH, or else APPLICATION_ROOT."""
        path: str = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        return path

    def get_cookie_httponly(self, app: SessionApp) -> bool:
        """SESSION_COOKIE_HTTPONLY: scripts in the page cannot read the cookie."""
        httponly: bool = app.config["SESSION_COOKIE_HTTPONLY"]
        return httponly

    def get_cookie_secure(self, app: SessionApp) -> bool:
        """SESSION_COOKIE_SECURE: sent over HTTPS only."""
        secure: bool = app.config["SESSION_COOKIE_SECURE"]
        return secure

    def get_cookie_samesite(self, app: SessionApp) -> str | None:
        """SESSION_COOKIE_SAMESITE: "Strict", "Lax", "None", or None for no attribute."""
        samesite: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return samesite

    def get_cookie_partitioned(self, app: SessionApp) -> bool:
        """SESSION_COOKIE_PARTITIONED: kept apart for each site that embeds this one."""
        partitioned: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return partitioned

    def get_expiration_time(self, app: SessionApp, session: SessionMixin) -> datetime | None:
        """When the cookie expires, in UTC; None when the browser closes."""
        if not session.permanent:
            return None
        return datetime.now(UTC) + app.permanent_session_lifetime

    def should_set_cookie(self, app: SessionApp, session: SessionMixin) -> bool:
        """Whether the response has to carry the cookie.

        It does if the session changed, or is permanent and SESSION_REFRESH_EACH_REQUEST
        keeps its lifetime counting from the last request.
        """
        if session.modified:
            return True
        return session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: SessionApp, request: Request) -> SessionMixin | None:
        """The request's session, new or stored; None if there cannot be one.

        Must not raise for whatever the client sent: an unusable session is an empty one.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define open_session().")

    def save_session(self, app: SessionApp, session: SessionMixin, response: Response) -> None:
        """Store the session and put its cookie on the response, after all after functions.

        Not called for a null session.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define save_session().")


def sha1(string: bytes = b"") -> Any:
    """SHA-1, looked up when it is called: hashlib has none in a FIPS build."""
    import hashlib  # PERF: as in `_build_serializer`

    return hashlib.sha1(string)


session_json_serializer = TaggedJSONSerializer()


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a configuration comes to, for as long as it is the same.

    Attributes:
        serializer: a KeepingSerializer of texts.
        name: of the cookie.
        max_age: whole seconds that a cookie is good for.
        lifetime: the same, with their fractions.
        frame: what stands around the cookie's value.
        max_size: bytes of the whole header above which setting it warns; 0 never warns.
        is_refreshed: whether a permanent session's cookie is set by each response.
    """

    serializer: Any
    name: str
    max_age: int
    lifetime: float
    frame: CookieFrame
    max_size: int
    is_refreshed: bool

    def dump(self, session: SessionMixin) -> str:
        """The Set-Cookie header of a session."""
        lifetime = ""
        if session.permanent:
            lifetime = f"; Expires={_dump_second(int(time.time() + self.lifetime))}"
        return self.frame.fill(self.serializer.dumps(dict(session)), lifetime, self.max_size)


# PERF: the same for all within a second: 0.1 µs in place of 1.6.
_dump_second = lru_cache(maxsize=8)(http_date)

_CLASS_SETTINGS = ("salt", "key_derivation", "digest_method", "serializer", "null_session_class")
_read_class = attrgetter(
    *_CLASS_SETTINGS,
    "get_signing_serializer",
    "get_cookie_name",
    "get_cookie_domain",
    "get_cookie_path",
    "get_cookie_httponly",
    "get_cookie_secure",
    "get_cookie_samesite",
    "get_cookie_partitioned",
    "get_expiration_time",
    "should_set_cookie",
    "is_null_session",
)
_VARY = (b"vary", b"Cookie")


class SecureCookieSessionInterface(SessionInterface):
    """Sessions in a cookie that is signed, not encrypted: users can read it, not change it."""

    salt = "cookie-session"
    """Tells this use of the secret key from others."""

    digest_method: Callable[..., Any] = staticmethod(sha1)
    """The hash of the signature."""

    key_derivation = "hmac"
    """How itsdangerous derives the signing key."""

    serializer: Any = session_json_serializer
    """Has `dumps` and `loads`, for what goes into the cookie."""

    session_class: type[Any] = SecureCookieSession

    _most_kept = 16
    # The class of `_build_serializer`'s, when it has built one.
    _built_class: type[Any] | None = None

    @cached_property
    def _serializers(self) -> dict[Any, URLSafeTimedSerializer]:
        return {}

    @cached_property
    def _kept_terms(self) -> dict[int, tuple[Any, _Terms | None]]:
        return {}

    def _terms_of(self, app: SessionApp) -> _Terms | None:
        """What the methods would answer for this app; None where they have to be asked.

        PERF: 0.4 µs in place of 2.6 for asking them; whatever they go by is compared each time.
        """
        kept, own, config = self._kept_terms, self.__dict__, app.config
        if not isinstance(config, Config):
            return None
        fallbacks = config["SECRET_KEY_FALLBACKS"]
        made_of = config._state, fallbacks, _read_class(type(self)), type(app), len(own)
        found, terms = kept.get(id(app), _NOTHING_KEPT)
        if found == made_of:
            return terms
        if len(kept) >= self._most_kept:
            kept.clear()
        terms = self._settle(app)
        # A list of fallbacks may be changed in place: a copy is compared with it.
        kept[id(app)] = (made_of[0], copy(fallbacks), *made_of[2:]), terms
        return terms

    def _settle(self, app: SessionApp) -> _Terms | None:
        """The terms, unless anything but the class and the configuration has a say in them."""
        if not (self._is_as_its_class() and _reads_config(type(app), type(app.config))):
            return None
        serializer = self.get_signing_serializer(app)
        if serializer is None or type(serializer) is not self._built_class:
            return None
        name, lifetime = self.get_cookie_name(app), app.permanent_session_lifetime
        try:
            frame = frame_cookie(name, **self._cookie_attributes(app))
            max_size = int(app.config["MAX_COOKIE_SIZE"])
        except ValueError:
            # To be raised when the cookie is set.
            return None
        seconds = lifetime.total_seconds()
        is_refreshed = bool(app.config["SESSION_REFRESH_EACH_REQUEST"])
        return _Terms(serializer, name, int(seconds), seconds, frame, max_size, is_refreshed)

    def _is_as_its_class(self) -> bool:
        """Whether the methods are those here, and the settings plain attributes of the class."""
        found = _read_class(type(self))
        settings, methods = found[: len(_CLASS_SETTINGS)], found[len(_CLASS_SETTINGS) :]
        return (
            methods == _OWN_METHODS
            and self.null_session_class is NullSession
            and self.__dict__.keys() <= _OWN_ATTRIBUTES
            and all(map(operator.is_, settings, attrgetter(*_CLASS_SETTINGS)(self)))
        )

    def get_signing_serializer(self, app: SessionApp) -> URLSafeTimedSerializer | None:
        """The signer for the app's present keys: SECRET_KEY signs, SECRET_KEY_FALLBACKS verify.

        None if the app has no secret key.
        """
        secret_key = app.secret_key
        if not secret_key:
            return None
        # COMPAT: itsdangerous signs with the last key of the list.
        secrets = (*(app.config["SECRET_KEY_FALLBACKS"] or ()), secret_key)
        settings = (
            secrets,
            self.salt,
            self.key_derivation,
            self.digest_method,
            id(self.serializer),
        )

        # PERF: kept, not built at every open and save: 0.4 microseconds instead of 3.8. One
        # interface serves several apps, and keys change at run time: whatever matters is in the
        # dict's key. (The kept serializer keeps self.serializer alive: its id stays its own.)
        kept = self._serializers
        serializer = kept.get(settings)
        if serializer is None:
            if len(kept) >= self._most_kept:
                kept.clear()
            keys = tuple(key.encode() if isinstance(key, str) else key for key in secrets)
            serializer = kept[settings] = self._build_serializer(keys)
            self._warn_of_short_key(app, keys[-1])
        return serializer

    def _warn_of_short_key(self, app: SessionApp, key: bytes) -> None:
        """Say so in the log, in debug mode, when the key is first used."""
        is_at_work = app.config.get("DEBUG") and not app.config.get("TESTING")
        if is_at_work and len(key) < _SHORTEST_GOOD_KEY:
            app.logger.warning(
                "SECRET_KEY has %d bytes, so that it can be guessed, and sessions forged. Set it to"
                " %d random ones or more, such as the output of"
                " `python -c 'import secrets; print(secrets.token_hex())'`.",
                len(key),
                _SHORTEST_GOOD_KEY,
            )

    def _build_serializer(self, keys: tuple[bytes, ...]) -> URLSafeTimedSerializer:
        # PERF: with the first session, for whoever has one: 4 ms and 0.8 MB at start-up.
        from .signing import KeepingSerializer

        self._built_class = KeepingSerializer
        return KeepingSerializer(
            keys,
            self.salt,
            self.serializer,
            self.key_derivation,
            self.digest_method,
            is_of_hashlib=self.digest_method is sha1,
        )

    def open_session(self, app: SessionApp, request: Request) -> SecureCookieSession | None:
        """The session of the request's cookie; a new one if that is missing, forged or expired."""
        terms = self._terms_of(app)
        if terms is not None:
            cookie = request._find_cookie(terms.name)
            content = self._read(terms.serializer, cookie, terms.max_age) if cookie else {}
        else:
            serializer = self.get_signing_serializer(app)
            if serializer is None:
                return None
            cookie = request._find_cookie(self.get_cookie_name(app))
            max_age = int(app.permanent_session_lifetime.total_seconds())
            content = self._read(serializer, cookie, max_age) if cookie else {}
        session: SecureCookieSession = self.session_class(content)
        return session

    def _read(
        self, serializer: URLSafeTimedSerializer, cookie: str, max_age: int
    ) -> dict[str, Any]:
        try:
            content = serializer.loads(cookie, max_age=max_age)
        except (_bad_data(), UnicodeError):
            return {}
        return content if isinstance(content, dict) else {}

    def save_session(self, app: SessionApp, session: SessionMixin, response: Response) -> None:
        """Put the session's cookie on the response, or the one that deletes it.

        `Vary: Cookie` tells caches that the answer depends on the session, if it was used.
        """
        accessed = session.accessed
        if accessed:
            _vary_on_cookie(response)
        if not session:
            if not session.modified:
                return
            self._delete_cookie(app, response)
        elif not self._put_cookie(app, session, response):
            return
        if not accessed:
            _vary_on_cookie(response)

    def _delete_cookie(self, app: SessionApp, response: Response) -> None:
        # A browser deletes only a cookie with the same attributes.
        response.delete_cookie(self.get_cookie_name(app), **self._cookie_attributes(app))

    def _concerns(self, app: SessionApp, request: Request) -> bool:
        """Whether saving a session that nobody has opened may add anything to the response.

        PERF: only a permanent one is refreshed: 2 µs to see that it is none, 6 to open it.
        """
        terms = self._terms_of(app)
        if terms is None or self.session_class is not SecureCookieSession:
            return True
        if type(self.serializer) is not TaggedJSONSerializer:
            return True
        cookie = request._find_cookie(terms.name) if terms.is_refreshed else None
        return bool(cookie) and terms.serializer.may_contain(cookie, b'"_permanent"')

    def _plain_fields(
        self, app: SessionApp, session: SessionMixin
    ) -> list[tuple[bytes, bytes]] | None:
        """What `save_session` adds to a response that has no Vary, as it is sent.

        PERF: 1 µs less than by a response.

        Returns:
            None where a response is needed: methods are somebody's own, or the cookie is deleted.
        """
        terms = self._terms_of(app) if type(session) is SecureCookieSession else None
        if terms is None or (session.modified and not session):
            return None
        if session.modified or (terms.is_refreshed and session.permanent):
            return [_VARY, (b"set-cookie", terms.dump(session).encode("latin-1"))]
        return [_VARY] if session.accessed else []

    def _put_cookie(self, app: SessionApp, session: SessionMixin, response: Response) -> bool:
        """Set the cookie if the response has to carry it."""
        terms = self._terms_of(app)
        if terms is None or not response._sets_own_cookies:
            if not self.should_set_cookie(app, session):
                return False
            self._set_cookie(app, session, response)
        elif session.modified or (terms.is_refreshed and session.permanent):
            response.headers.add_trusted("Set-Cookie", terms.dump(session))
        else:
            return False
        return True

    def _set_cookie(self, app: SessionApp, session: SessionMixin, response: Response) -> None:
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            _refuse_write(session)
        response.set_cookie(
            self.get_cookie_name(app),
            serializer.dumps(dict(session)),
            expires=self.get_expiration_time(app, session),
            **self._cookie_attributes(app),
        )

    def _cookie_attributes(self, app: SessionApp) -> dict[str, Any]:
        return {
            "path": self.get_cookie_path(app),
            "domain": self.get_cookie_domain(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }


def _bad_data() -> type[Exception]:
    """Of a cookie that is forged, expired, or cannot be read: with a tag removed since, say."""
    from itsdangerous import BadData

    return BadData


_NOTHING_KEPT = None, None
_OWN_METHODS = _read_class(SecureCookieSessionInterface)[len(_CLASS_SETTINGS) :]
_OWN_ATTRIBUTES = frozenset({"_serializers", "_kept_terms", "_built_class"})


@lru_cache(maxsize=32)
def _reads_config(app_class: type[Any], config_class: type[Config]) -> bool:
    """Whether an app has its key and its sessions' lifetime from what its configuration holds."""
    found = (
        getattr(app_class, "secret_key", None),
        getattr(app_class, "permanent_session_lifetime", None),
    )
    is_plain = config_class.__getitem__ is dict.__getitem__
    return is_plain and all(type(attribute) is ConfigAttribute for attribute in found)


def _vary_on_cookie(response: Response) -> None:
    # PERF: a set of the header's members is only needed where it has others: 0.5 µs, not 8.
    vary = response.headers.get("Vary")
    if vary is None:
        response.headers.add_trusted("Vary", "Cookie")
    elif vary != "Cookie":
        response.vary.add("Cookie")
