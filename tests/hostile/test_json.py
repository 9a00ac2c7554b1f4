"""JSON bodies that are broken, deep, huge or strange; and JSON responses of strange things."""

from __future__ import annotations

import json

import pytest

from asyncflask import (
    Flask,
    Response,
    abort,
    jsonify,
    redirect,
    render_template_string,
    request,
)

HOST = "Host: localhost"
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def app():
    app = Flask("json")

    @app.post("/sync")
    def read():
        return {"type": type(request.get_json()).__name__}

    @app.post("/async")
    async def read_async():
        return {"type": type(request.json).__name__}

    @app.post("/silent")
    def read_silently():
        return {"type": type(request.get_json(force=True, silent=True)).__name__}

    @app.post("/echo")
    def echo():
        return jsonify(request.json)

    @app.get("/next")
    def answer_next():
        return "next"

    return app


@pytest.fixture(scope="module")
def server(serve, app):
    return serve(app)


BROKEN = (
    b"",
    b"{",
    b"[1,",
    b'{"a":}',
    b"nul",
    b"{} {}",
    b"'a'",
    b'"a',
    b'"\x01"',
    b"\x00",
    b"\xff\xfe",
    b'"\xff"',
    b"\xef\xbb",
    b'"\\ud8"',
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b"9" * 5000,
    b"-" + b"9" * 100_000,
    b"[" + b"9" * 5000 + b"]",
    b"[" * 501 + b"]" * 501,
    b'{"a":' * 501 + b"1" + b"}" * 501,
    b"NaN",
    b'{"a": [-Infinity]}',
    b"Infinity",
    b"1e999",
    b"-1e999",
    b"[" + b"9" * 400 + b".5]",
    b'"\xed\xa0\x80"',
    '{"a": "ä"}'.encode("utf-16"),
    '{"a": "ä"}'.encode("utf-16-be"),
    '{"a": "ä"}'.encode("utf-32"),
    '"ä"'.encode("latin-1"),
    b"a=b&c=d",
)


@pytest.mark.parametrize("path", ["/sync", "/async"])
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_json_is_a_bad_request(server, caplog, path, body):
    """Nothing is logged, for it is no error of the app's; the connection goes on."""
    length = f"Content-Length: {len(body)}"

    with server.connect() as connection:
        first = connection.ask(f"POST {path} HTTP/1.1", HOST, JSON, length, body=body)
        second = connection.ask("GET /next HTTP/1.1", HOST)

    assert first.status == 400
    assert "Traceback" not in first.text
    assert second.text == "next"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_silently_it_is_none(app, body):
    """Whatever is wrong with it."""
    assert app.test_client().post("/silent", data=body).json == {"type": "NoneType"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"1e308", "float"),
        (b"1e-999", "float"),
        (b'"\\ud800"', "str"),
        (b'{"a":1,"a":2}', "dict"),
        (b"\xef\xbb\xbf{}", "dict"),
        (b"[" * 500 + b"]" * 500, "list"),
        (b"9" * 4000, "int"),
        (b" \n\t null \r\n", "NoneType"),
        (b'"' + b"x" * 2_000_000 + b'"', "str"),
    ],
)
def test_what_python_takes_for_json_is_taken(server, body, kind):
    """As in Flask, but for NaN, infinite numbers, and other encodings than UTF-8."""
    length = f"Content-Length: {len(body)}"

    answer = server.ask("POST /sync HTTP/1.1", HOST, JSON, length, body=body)

    assert json.loads(answer.text) == {"type": kind}


TEXT_ANSWERS = {
    "text": lambda text: text,
    "tuple": lambda text: (text, 201),
    "response": lambda text: Response([text]),
    "stream": lambda text: iter([text, text]),
    "plain-json": lambda text: jsonify(text),
    "template": lambda text: render_template_string("{{ text }}", text=text),
    "redirect": lambda text: redirect(f"/{text}"),
    "error": lambda text: abort(400, text),
}


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("kind", TEXT_ANSWERS)
def test_half_a_surrogate_pair_that_a_client_sends_is_no_500(kind, is_async, ensure_ascii):
    """A view that answers with it answers with a question mark, or with its escape."""
    app = Flask("half")
    app.json.ensure_ascii = ensure_ascii

    def answer():
        return TEXT_ANSWERS[kind](request.json)

    async def answer_async():
        return TEXT_ANSWERS[kind](request.json)

    app.add_url_rule("/", view_func=answer_async if is_async else answer, methods=["POST"])

    found = app.test_client().post("/", data=b'"a\\ud800b"', content_type="application/json")

    assert found.status_code in {200, 201, 302, 400}
    assert "a?b" in found.text or "a\\ud800b" in found.text


@pytest.mark.parametrize("body", [b'"\\ud800"', b'{"\\udfff": "\\ud800x"}'])
def test_half_a_surrogate_pair_comes_back_as_it_went(server, body):
    """Escaped, so that the response is text all the same."""
    answer = server.ask(
        "POST /echo HTTP/1.1", HOST, JSON, f"Content-Length: {len(body)}", body=body
    )

    assert answer.status == 200
    assert json.loads(answer.text) == json.loads(body)


HALF = "a\ud800b"


@pytest.mark.parametrize(
    "answer",
    [
        lambda: HALF,
        lambda: Response([HALF]),
        lambda: redirect(f"/{HALF}"),
        lambda: ("text", {"X-Name": HALF}),
        lambda: ("text", 200, {HALF: "a"}),
        lambda: json_without_escapes(),
        lambda: set_cookie(HALF),
        lambda: Response("text", mimetype=HALF),
        lambda: Response("text", status=f"200 {HALF}"),
    ],
)
def test_half_a_surrogate_pair_in_a_response_is_at_most_a_500(caplog, answer):
    """Where it is in a header that is no address; nothing is found out only while sending."""
    app = Flask("half")
    app.add_url_rule("/", view_func=answer)

    found = app.test_client().get("/")

    assert found.status_code in {200, 302, 500}
    if found.status_code == 500:
        assert caplog.records[0].getMessage() == "Exception on / [GET]"


def json_without_escapes():
    return Response(json.dumps(HALF, ensure_ascii=False), mimetype="application/json")


def set_cookie(value):
    response = Response("text")
    response.set_cookie("name", value)
    return response
