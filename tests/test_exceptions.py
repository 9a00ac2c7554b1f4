"""HTTP errors, held against Werkzeug's."""

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
import werkzeug.exceptions as werkzeug_exceptions
from markupsafe import Markup

from asyncflask import exceptions
from asyncflask.datastructures import MultiDict, WWWAuthenticate
from asyncflask.exceptions import (
    Aborter,
    BadRequest,
    BadRequestKeyError,
    Conflict,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    abort,
    default_exceptions,
)

PLAIN_HEADERS = [("Content-Type", "text/html; charset=utf-8")]


class PlainResponse:
    """The least that a response class must be."""

    def __init__(self, body, status, headers):
        self.body = body
        self.status = status
        self.headers = headers

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": self.status})


@pytest.fixture
def plain_response(monkeypatch):
    """Errors build plain responses."""
    monkeypatch.setattr(exceptions, "_response_class", PlainResponse)


WERKZEUG_CLASSES = [
    name
    for name, value in vars(werkzeug_exceptions).items()
    if isinstance(value, type) and issubclass(value, Exception) and not name.startswith("_")
]


class TestTree:
    @pytest.mark.parametrize("name", WERKZEUG_CLASSES)
    def test_every_class_of_werkzeug(self, name):
        """Each of Werkzeug's classes is here, with its code, its name and its parent."""
        ours, theirs = getattr(exceptions, name), getattr(werkzeug_exceptions, name)

        assert ours.code == theirs.code
        assert ours().name == theirs().name
        parents = {parent.__name__ for parent in theirs.__mro__ if "_" not in parent.__name__}
        assert parents <= {parent.__name__ for parent in ours.__mro__}

    def test_codes(self):
        """The same codes have the same classes as in Werkzeug."""
        ours = {code: value.__name__ for code, value in default_exceptions.items()}
        theirs = {
            code: value.__name__ for code, value in werkzeug_exceptions.default_exceptions.items()
        }

        assert ours == theirs

    @pytest.mark.parametrize("error_class", list(default_exceptions.values()))
    def test_description(self, error_class):
        """Every class describes itself in whole sentences."""
        description = error_class().description

        assert description[0].isupper()
        assert description.endswith(".")


class TestHTTPException:
    def test_str(self):
        """As text an error is its code, its name and its description."""
        assert str(NotFound("No such page.")) == "404 Not Found: No such page."

    def test_repr(self):
        """The repr names the class, the code and the reason."""
        assert repr(NotFound()) == "<NotFound '404: Not Found'>"

    def test_without_a_code(self):
        """An error without a code shows that it has none."""
        assert str(HTTPException()) == "??? Unknown Error: None"
        assert repr(HTTPException()) == "<HTTPException '???: Unknown Error'>"

    def test_own_code(self):
        """A class of the user's with a code of its own has no reason phrase."""

        class Odd(HTTPException):
            code = 799

        assert Odd("odd").name == "Unknown Error"
        assert 799 not in default_exceptions

    @pytest.mark.parametrize(
        ("description", "paragraph"),
        [
            ("a <b>\nc", "<p>a &lt;b&gt;<br>c</p>"),
            (Markup("<i>safe</i>"), "<p><i>safe</i></p>"),
            ("", "<p></p>"),
        ],
    )
    def test_get_description(self, description, paragraph):
        """The paragraph is escaped unless it is Markup, with its newlines as <br>."""
        assert NotFound(description).get_description() == paragraph

    def test_body(self):
        """The page has the code and the name in its title and the name as its heading."""
        body = NotFound("Gone fishing.").get_body()

        assert body == (
            "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n"
            "<h1>Not Found</h1>\n<p>Gone fishing.</p>\n"
        )

    def test_body_layout_as_werkzeug(self):
        """The page of an error is laid out as Werkzeug's."""
        body = Conflict("Two at once.\nSorry.").get_body()

        assert body == werkzeug_exceptions.Conflict("Two at once.\nSorry.").get_body()

    def test_headers(self):
        """The page is HTML in UTF-8."""
        assert NotFound().get_headers() == PLAIN_HEADERS

    def test_pickle(self):
        """An error survives being pickled."""
        error = pickle.loads(pickle.dumps(NotFound("No such page.")))

        assert str(error) == "404 Not Found: No such page."


@pytest.mark.usefixtures("plain_response")
class TestResponse:
    def test_get_response(self):
        """The response has the page, the code and the headers."""
        response = MethodNotAllowed(["GET"]).get_response()

        assert "<h1>Method Not Allowed</h1>" in response.body
        assert response.status == 405
        assert response.headers == [*PLAIN_HEADERS, ("Allow", "GET")]

    def test_given_response(self):
        """A response that the error was made with is its response."""
        response = object()

        assert NotFound(response=response).get_response() is response

    @pytest.mark.anyio
    async def test_asgi_application(self):
        """An error answers as an ASGI application."""
        sent = []

        async def send(message):
            sent.append(message)

        await NotFound()({"type": "http"}, None, send)

        assert sent == [{"type": "http.response.start", "status": 404}]

    def test_overridden_body(self):
        """A subclass decides what its page says, and may look at the scope."""

        class Polite(NotFound):
            def get_body(self, environ=None, scope=None):
                return f"Sorry, {scope['path']} is not here."

        assert Polite().get_response(scope={"path": "/x"}).body == "Sorry, /x is not here."

    def test_bind_response_class(self):
        """The class that is bound is the one that responses are made with."""
        exceptions.bind_response_class(lambda body, status, headers: status)

        assert NotFound().get_response() == 404


def test_no_response_class(monkeypatch):
    """Without a response class the error says what to import."""
    monkeypatch.setattr(exceptions, "_response_class", exceptions._no_response_class)

    with pytest.raises(RuntimeError, match=r"Import asyncflask\.wrappers\.response"):
        NotFound().get_response()


class TestSpecialHeaders:
    def test_unauthorized(self):
        """Each challenge becomes a WWW-Authenticate header."""
        basic, bearer = (WWWAuthenticate(name, {"realm": "x"}) for name in ("basic", "bearer"))

        error = Unauthorized(www_authenticate=[basic, bearer])

        assert error.get_headers()[1:] == [
            ("WWW-Authenticate", "Basic realm=x"),
            ("WWW-Authenticate", "Bearer realm=x"),
        ]

    def test_unauthorized_with_one_challenge(self):
        """A single challenge need not be put in a list."""
        basic = WWWAuthenticate("basic", {"realm": "x"})

        error = Unauthorized(www_authenticate=basic)

        assert error.www_authenticate == (basic,)
        assert error.get_headers()[1:] == [("WWW-Authenticate", "Basic realm=x")]

    def test_unauthorized_without_challenge(self):
        """Without a challenge there is no WWW-Authenticate header."""
        assert Unauthorized().get_headers() == PLAIN_HEADERS

    def test_method_not_allowed(self):
        """The valid methods are the Allow header."""
        error = MethodNotAllowed(["GET", "POST"])

        assert error.valid_methods == ["GET", "POST"]
        assert error.get_headers()[1:] == [("Allow", "GET, POST")]

    def test_method_not_allowed_without_methods(self):
        """Without valid methods there is no Allow header."""
        assert MethodNotAllowed().get_headers() == PLAIN_HEADERS

    def test_range(self):
        """The length of the resource is the Content-Range header."""
        error = RequestedRangeNotSatisfiable(10, "items")

        assert error.get_headers()[1:] == [("Content-Range", "items */10")]

    def test_range_without_length(self):
        """Without a length there is no Content-Range header."""
        assert RequestedRangeNotSatisfiable().get_headers() == PLAIN_HEADERS

    @pytest.mark.parametrize("error_class", [TooManyRequests, ServiceUnavailable])
    @pytest.mark.parametrize(
        ("retry_after", "value"),
        [
            (30, "30"),
            (datetime(2020, 1, 4, 18, 52, 16), "Sat, 04 Jan 2020 18:52:16 GMT"),
            (datetime(2020, 1, 4, 18, 52, 16, tzinfo=UTC), "Sat, 04 Jan 2020 18:52:16 GMT"),
            (
                datetime(2020, 1, 4, tzinfo=timezone(timedelta(hours=2))),
                "Fri, 03 Jan 2020 22:00:00 GMT",
            ),
        ],
    )
    def test_retry_after(self, error_class, retry_after, value):
        """Seconds and points in time become the Retry-After header."""
        error = error_class(retry_after=retry_after)

        assert error.get_headers()[1:] == [("Retry-After", value)]

    def test_no_retry_after(self):
        """Without a time there is no Retry-After header."""
        assert TooManyRequests().get_headers() == PLAIN_HEADERS


def test_internal_server_error_keeps_its_cause():
    """A 500 knows the error that it stands for."""
    cause = ZeroDivisionError()

    assert InternalServerError(original_exception=cause).original_exception is cause


class TestBadRequestKeyError:
    def test_both_at_once(self):
        """It is caught as a KeyError and as a BadRequest."""
        error = BadRequestKeyError("user")

        assert isinstance(error, KeyError)
        assert isinstance(error, BadRequest)
        assert error.args == ("user",)

    def test_hides_the_key(self):
        """The key is not told by default."""
        error = BadRequestKeyError("user")

        assert error.description == BadRequest.description
        assert "user" not in error.get_body()

    def test_shows_the_key(self):
        """With show_exception, set at any time, the key is told."""
        error = BadRequestKeyError("user")

        error.show_exception = True

        assert error.description == f"{BadRequest.description}\nKeyError: 'user'"
        assert "<br>KeyError: &#39;user&#39;</p>" in error.get_body()

    def test_own_description(self):
        """A description may be given, or set later."""
        given, later = BadRequestKeyError("user", "Who?"), BadRequestKeyError("user")

        later.description = "Who?"

        assert given.description == later.description == "Who?"

    @pytest.mark.parametrize(
        "duplicate", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))]
    )
    def test_copies(self, duplicate):
        """Copies and pickles keep the key and the setting."""
        error = BadRequestKeyError("user")
        error.show_exception = True

        assert str(duplicate(error)) == str(error)

    def test_missing_key_of_a_multi_dict(self):
        """A multi-dict, as forms and queries are, raises it for a missing key."""
        with pytest.raises(BadRequestKeyError) as caught:
            MultiDict()["user"]

        assert caught.value.args == ("user",)


class TestWrap:
    def test_both_at_once(self):
        """A wrapping class is the HTTP error and the other exception at once."""
        wrapping = NotFound.wrap(ValueError)

        error = wrapping("detail", "No such page.")

        assert isinstance(error, NotFound)
        assert isinstance(error, ValueError)
        assert str(error) == "404 Not Found: No such page."

    def test_shows_the_message(self):
        """With show_exception the other exception's message is told."""
        error = NotFound.wrap(ValueError)("detail")

        error.show_exception = True

        assert error.description.endswith("\nValueError: detail")

    def test_name(self):
        """The class is called as wished, or after both."""
        assert NotFound.wrap(ValueError).__name__ == "NotFoundValueError"
        assert NotFound.wrap(ValueError, "Lost").__name__ == "Lost"


class TestAbort:
    @pytest.mark.parametrize("code", list(default_exceptions))
    def test_code(self, code):
        """A code raises its class."""
        with pytest.raises(default_exceptions[code]):
            abort(code)

    def test_arguments(self):
        """Further arguments go to the class."""
        with pytest.raises(NotFound, match=r"No such page\."):
            abort(404, description="No such page.")

    def test_response(self):
        """A response is raised as it is."""
        response = PlainResponse("", 204, [])

        with pytest.raises(HTTPException) as caught:
            abort(response)

        assert caught.value.get_response() is response

    @pytest.mark.parametrize("code", [200, 999, "404"])
    def test_unknown_code(self, code):
        """An unknown code is a LookupError that says what to do."""
        with pytest.raises(LookupError, match=f"{code!r}.* Pass "):
            abort(code)


class TestAborter:
    def test_mapping(self):
        """A mapping takes the place of the default one."""
        aborter = Aborter(mapping={1: NotFound})

        assert aborter.mapping == {1: NotFound}

    def test_extra(self):
        """Extra classes are added, for this aborter only."""

        class Odd(HTTPException):
            code = 799

        aborter = Aborter(extra={799: Odd})

        with pytest.raises(Odd):
            aborter(799)
        assert 799 not in default_exceptions
