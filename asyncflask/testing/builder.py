"""Builds ASGI requests for tests, from the arguments that Flask's test client takes."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote, unquote, urlsplit

from .. import json as json_module
from ..datastructures import (
    Authorization,
    CallbackDict,
    FileMultiDict,
    FileStorage,
    Headers,
    MultiDict,
)
from ..syntax import dump_options_header, parse_options_header
from ..wrappers import Request
from ..wrappers.body import Body
from ..wrappers.content_type import get_content_type
from ..wrappers.forms import MULTIPART, URLENCODED
from ..wrappers.uri import iri_to_uri
from .environ import add_defaults, override
from .multipart import encode_multipart, encode_query, iterate_fields, new_boundary, read_again

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..datastructures.headers import HeaderSource

_DEFAULT_PORTS = {"http": 80, "https": 443}

# What may stand in a path as it is; "%" too, since what is quoted already stays so.
_SAFE_IN_PATH = "%!$&'()*+,/:;=@~"


class BuilderApp(Protocol):
    """What a builder asks of the application."""

    json: Any

    @property
    def config(self) -> Mapping[str, Any]: ...


class NoApp:
    """Stands in for the app of a request that has none."""

    config: Mapping[str, Any] = {}
    json: Any = json_module


class EnvironBuilder:
    """An HTTP request in the making; `get_scope` and `get_body` give what is made of it.

    All arguments but `app` are attributes too, and may be changed until then.

    Args:
        app: gives the address (SERVER_NAME, APPLICATION_ROOT, PREFERRED_URL_SCHEME) and the JSON
            provider.
        path: below `base_url`, with or without a query; or a whole URL.
        base_url: scheme, host and root path.
        subdomain: of SERVER_NAME, in place of `base_url`.
        url_scheme: in place of PREFERRED_URL_SCHEME and of `base_url`.
        query_string: as it stands, or names and values.
        errors_stream: of WSGI, as are `multithread`, `multiprocess` and `run_once`; taken and
            not used.
        data: text (sent as UTF-8), bytes, a binary file, or names and values of a form, in which
            files are files, `FileStorage`s and tuples (file or path, filename, content type).
        environ_base: WSGI's names for what the other arguments leave open: REMOTE_ADDR,
            HTTP_USER_AGENT ... Keys that ASGI has no place for are readable in request.environ.
        environ_overrides: the same for what they do not leave open.
        json: an object to send as JSON.
        auth: user name and password, or other credentials.
    Raises:
        AssertionError: `base_url` was given with `subdomain` or `url_scheme`.
        TypeError: more than one of `json`, `data` and `input_stream` was given.
        ValueError: there are two query strings, or one in `base_url`.
    """

    app: Any
    server_protocol = "HTTP/1.1"
    request_class: type[Request] = Request

    def __init__(
        self,
        app: BuilderApp,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        query_string: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | None = None,
        method: str = "GET",
        input_stream: IO[bytes] | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        errors_stream: IO[str] | None = None,
        multithread: bool = False,
        multiprocess: bool = False,
        run_once: bool = False,
        headers: HeaderSource = None,
        data: Any = None,
        environ_base: Mapping[str, Any] | None = None,
        environ_overrides: Mapping[str, Any] | None = None,
        mimetype: str | None = None,
        json: Any = None,
        auth: Authorization | tuple[str, str] | None = None,
    ) -> None:
        self.app = app
        self.closed = False
        self.method = method
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.environ_base = environ_base
        self.environ_overrides = environ_overrides
        self._boundary = new_boundary()
        self._set_address(path, base_url, subdomain, url_scheme, query_string)
        if auth is not None:
            self.headers["Authorization"] = _to_credentials(auth).to_header()
        self.content_type = self.content_type if content_type is None else content_type
        self.content_length = self.content_length if content_length is None else content_length
        self.input_stream = input_stream
        if json is not None:
            data = self._dump_json(json, data)
        if mimetype is not None:
            self.mimetype = mimetype
        if data is not None:
            self._take_data(data)

    # -- address

    def _set_address(
        self,
        path: str,
        base_url: str | None,
        subdomain: str | None,
        url_scheme: str | None,
        query_string: Any,
    ) -> None:
        if base_url is not None and (subdomain is not None or url_scheme is not None):
            raise AssertionError(
                'Cannot pass "subdomain" or "url_scheme" with "base_url".'
                f" Put them into base_url, which is {base_url!r}."
            )
        url = urlsplit(path)
        if url.query and query_string is not None:
            raise ValueError(
                f"Query string is defined in the path and as an argument: {url.query!r} and"
                f" {query_string!r}. Give only one of them."
            )
        self.path = url.path
        self.query_string = url.query if query_string is None else query_string
        if base_url is None:
            config = self.app.config
            host = config.get("SERVER_NAME") or "localhost"
            host = f"{subdomain}.{host}" if subdomain else host
            scheme = url.scheme or url_scheme or config.get("PREFERRED_URL_SCHEME", "http")
            root_path = config.get("APPLICATION_ROOT", "/").lstrip("/")
            base_url = f"{scheme}://{url.netloc or host}/{root_path}"
        self.base_url = base_url

    @property
    def base_url(self) -> str:
        """Scheme, host and root path, with a slash at the end."""
        return f"{self.url_scheme}://{self.host}{self.script_root}/"

    @base_url.setter
    def base_url(self, value: str | None) -> None:
        url = urlsplit("http://localhost/" if value is None else value)
        if url.query or url.fragment:
            raise ValueError(
                f"A base url must not contain a query string or fragment, but {value!r} does."
                " Pass query_string= instead."
            )
        self.url_scheme = url.scheme
        self.host = url.netloc
        self.script_root = url.path.rstrip("/")

    @property
    def server_name(self) -> str:
        """The host without its port."""
        return self._server()[0]

    @property
    def server_port(self) -> int:
        """The host's port, or its scheme's own."""
        return self._server()[1]

    def _server(self) -> tuple[str, int]:
        # A host of garbage is for the app to refuse.
        name, _, port = self.host.rpartition(":")
        if name and port.isdigit():
            return name.strip("[]"), int(port)
        return self.host.strip("[]"), _DEFAULT_PORTS.get(self.url_scheme, 80)

    @property
    def request_uri(self) -> str:
        """The path and the query, as they would stand in the request."""
        query = self.query_string
        return f"{self.path}?{query}" if query else self.path

    @property
    def query_string(self) -> str:
        """What follows the question mark; setting it ends the use of `args`."""
        if self._query_string is None:
            return encode_query(self._args)
        return self._query_string

    @query_string.setter
    def query_string(self, value: Any) -> None:
        self._query_string = value if isinstance(value, str) and value else None
        is_text = value is None or isinstance(value, str)
        self._args: MultiDict[str, Any] = MultiDict() if is_text else MultiDict(value)

    @property
    def args(self) -> MultiDict[str, Any]:
        """The names and values of the query string.

        Raises:
            AttributeError: `query_string` was set to text.
        """
        if self._query_string is not None:
            raise AttributeError(
                f"There are no args, since a query string is defined: {self._query_string!r}."
                " Pass query_string= as a mapping, or set args."
            )
        return self._args

    @args.setter
    def args(self, value: MultiDict[str, Any] | None) -> None:
        self._query_string = None
        self._args = MultiDict() if value is None else value

    # -- headers

    @property
    def content_type(self) -> str | None:
        """The Content-Type; where none was set, what the form needs."""
        content_type = self.headers.get("Content-Type")
        if content_type is None and self._input_stream is None:
            if self._files:
                return MULTIPART
            if self._form:
                return URLENCODED
        return content_type

    @content_type.setter
    def content_type(self, value: str | None) -> None:
        self._set_header("Content-Type", value)

    @property
    def mimetype(self) -> str | None:
        """The Content-Type without its parameters; text gets a charset when it is set."""
        content_type = self.content_type
        return None if content_type is None else content_type.partition(";")[0].strip()

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.content_type = get_content_type(value, "utf-8")

    @property
    def mimetype_params(self) -> CallbackDict[str, str]:
        """The parameters of the Content-Type; changing them changes the header."""

        def write(parameters: CallbackDict[str, str]) -> None:
            self.content_type = dump_options_header(self.mimetype, parameters)

        return CallbackDict(parse_options_header(self.headers.get("Content-Type"))[1], write)

    @property
    def content_length(self) -> int | None:
        """The Content-Length in bytes that was set; a body's own length takes its place."""
        return self.headers.get("Content-Length", type=int)

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        self._set_header("Content-Length", None if value is None else str(value))

    def _set_header(self, name: str, value: str | None) -> None:
        if value is None:
            self.headers.pop(name, None)
        else:
            self.headers[name] = value

    # -- body

    _input_stream: IO[bytes] | None = None
    _form: MultiDict[str, Any] | None = None
    _files: FileMultiDict | None = None

    @property
    def input_stream(self) -> IO[bytes] | None:
        """The body as a file; setting it drops the form and the files."""
        return self._input_stream

    @input_stream.setter
    def input_stream(self, value: IO[bytes] | None) -> None:
        self._input_stream = value
        self._form = self._files = None

    @property
    def form(self) -> MultiDict[str, Any]:
        """The fields of the form; setting it drops the input stream.

        Raises:
            AttributeError: there is an input stream.
        """
        self._require_no_stream()
        if self._form is None:
            self._form = MultiDict()
        return self._form

    @form.setter
    def form(self, value: MultiDict[str, Any] | None) -> None:
        self._input_stream = None
        self._form = value

    @property
    def files(self) -> FileMultiDict:
        """The files of the form; setting it drops the input stream.

        Raises:
            AttributeError: there is an input stream.
        """
        self._require_no_stream()
        if self._files is None:
            self._files = FileMultiDict()
        return self._files

    @files.setter
    def files(self, value: FileMultiDict | None) -> None:
        self._input_stream = None
        self._files = value

    def _require_no_stream(self) -> None:
        if self._input_stream is not None:
            raise AttributeError(
                "There is no form, since an input stream is defined, which is the whole body."
                " Pass data= instead of input_stream=, or set form or files."
            )

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write `obj` as JSON, as the application's provider does."""
        return cast("str", self.app.json.dumps(obj, **kwargs))

    def _dump_json(self, json: Any, data: Any) -> str:
        if data is not None:
            raise TypeError(
                f"Can't provide both json and data: {json!r:.80} and {data!r:.80}."
                " A request has one body, so pass only one of them."
            )
        if self.content_type is None:
            self.content_type = "application/json"
        return self.json_dumps(json)

    def _take_data(self, data: Any) -> None:
        if self._input_stream is not None:
            raise TypeError(
                f"Can't provide input stream and data, here {data!r:.80}."
                " A request has one body, so pass only one of them."
            )
        if hasattr(data, "read"):
            data = data.read()
        if isinstance(data, str):
            data = data.encode()
        if isinstance(data, (bytes, bytearray, memoryview)):
            if data:
                self.input_stream = BytesIO(data)
        elif isinstance(data, Mapping):
            self._take_form(data)
        else:
            raise TypeError(
                f"data cannot be of type {type(data).__name__!r}. Pass str, bytes, a binary file,"
                " or a mapping of a form's names to values and files; for JSON there is json=."
            )

    def _take_form(self, data: Mapping[str, Any]) -> None:
        for name, value in iterate_fields(data):
            if isinstance(value, tuple):
                self.files.add_file(name, *value)
            elif hasattr(value, "read"):
                self.files.add_file(name, value)
            else:
                self.form.add(name, value)

    # -- what is built

    def get_scope(self) -> dict[str, Any]:
        """The request as an ASGI scope."""
        root_path = unquote(self.script_root)
        path = f"/{self.path.removeprefix('/')}"
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": self.server_protocol.removeprefix("HTTP/"),
            "method": self.method,
            "scheme": self.url_scheme,
            "path": root_path + unquote(path),
            "raw_path": quote(self.script_root + path, safe=_SAFE_IN_PATH).encode(),
            "query_string": self.query_string.encode(),
            "root_path": root_path,
            "headers": self._raw_headers(),
            "client": ("127.0.0.1", 0),
            "server": self._server(),
            "extensions": {},
        }
        add_defaults(scope, self.environ_base or {})
        override(scope, self.environ_overrides or {})
        return scope

    def get_environ(self) -> dict[str, Any]:
        """`get_scope` under its name in Flask: what `app.request_context` takes."""
        return self.get_scope()

    def _raw_headers(self) -> list[tuple[bytes, bytes]]:
        content_type, data = self._encode()
        headers = Headers(self.headers)
        if "Host" not in headers:
            headers["Host"] = _to_ascii(self.host)
        if content_type is not None:
            headers["Content-Type"] = content_type
        if data is not None:
            headers["Content-Length"] = str(len(data))
        # COMPAT: in Flask's clients, a name with underscores arrives as one with dashes.
        return [(name.replace(b"_", b"-"), value) for name, value in headers.raw()]

    def get_data(self) -> bytes:
        """The body's bytes, the same ones each time."""
        return self._encode()[1] or b""

    def get_body(self) -> Body:
        """The body as a request has it once it was received."""
        return Body.from_bytes(self.get_data())

    def get_request(self, cls: type[Request] | None = None) -> Request:
        """A request of `cls` (else of `request_class`); afterwards the builder is closed."""
        request = (cls or self.request_class)(self.get_scope())
        request._attach_body(self.get_body())
        self.close()
        return request

    def _encode(self) -> tuple[str | None, bytes | None]:
        """The Content-Type and the body, each None where there is none."""
        if self._input_stream is not None:
            return self.content_type, self._read_stream(self._input_stream)
        mimetype = self.mimetype
        if mimetype == MULTIPART:
            boundary = self.mimetype_params.get("boundary", self._boundary)
            fields = [*self.form.items(multi=True), *self.files.items(multi=True)]
            content_type = dump_options_header(MULTIPART, {"boundary": boundary})
            return content_type, encode_multipart(MultiDict(fields), boundary)[1]
        if mimetype == URLENCODED:
            return self.content_type, encode_query(self.form).encode()
        return self.content_type, None

    def _read_stream(self, stream: IO[bytes]) -> bytes:
        file = FileStorage(stream)
        data = read_again(file)
        self._input_stream = file.stream
        return data

    def close(self) -> None:
        """Close the files of the form; the application gets copies of them."""
        for files in () if self._files is None else self._files.listvalues():
            for file in files:
                file.close()
        self.closed = True


def _to_credentials(auth: Authorization | tuple[str, str]) -> Authorization:
    if not isinstance(auth, tuple):
        return auth
    username, password = auth
    return Authorization("basic", {"username": username, "password": password})


def _to_ascii(host: str) -> str:
    """The host as browsers send it: letters beyond ASCII in IDNA."""
    return host if host.isascii() else urlsplit(iri_to_uri(f"//{host}")).netloc


def build_request(cls: type[Request], *args: Any, **kwargs: Any) -> Request:
    """A request of no app, from what `EnvironBuilder` takes: `Request.from_values`."""
    return EnvironBuilder(NoApp(), *args, **kwargs).get_request(cls)
