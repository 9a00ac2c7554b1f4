"""What a visitor of each small application in `apps` asks, and what Flask answers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visiting import Visitor

FRIEND = "https://friend.example"


def visit_nothing(visitor: Visitor) -> None:
    """For what has tests enough of its own."""


def visit_wtf(visitor: Visitor) -> None:
    """A form without its token is refused; with it, validated."""
    form = visitor.expect("GET", "/", contains="csrf_token")
    visitor.expect("POST", "/plain", 400, "CSRF: The CSRF token is missing.", form={"name": "Ada"})
    visitor.expect("POST", "/exempt", contains="true", form={"name": "Ada"})
    token = re.search('value="(.+?)"', form.text)
    fields = {"csrf_token": token[1] if token else "", "name": "Ada"}
    visitor.expect("POST", "/", contains="Hello, Ada!", form=fields)
    visitor.expect("POST", "/", contains="This field is required", form={**fields, "name": ""})
    header = {"X-CSRFToken": fields["csrf_token"]}
    visitor.expect("POST", "/plain", contains="posted", json={}, headers=header)
    visitor.forget()
    visitor.expect("POST", "/", 400, "CSRF: The CSRF session token is missing.", form=fields)


def visit_login(visitor: Visitor) -> None:
    """The session's login is fresh, the remembered one is not."""
    visitor.expect("GET", "/", 302, to="/login?next=%2F")
    visitor.expect("POST", "/login", contains="Welcome, ada!", form={"name": "ada"})
    visitor.expect("GET", "/", contains="Hello, ada!")
    visitor.expect("GET", "/fresh", contains="fresh")
    visitor.expect("GET", "/logout", contains="anonymous: True")
    visitor.expect("GET", "/", 302)
    remembered = {"name": "ada", "remember": "1"}
    answer = visitor.expect("POST", "/login", contains="Welcome", form=remembered)
    cookies = [field.partition(";")[0] for field in answer.headers.get_all("Set-Cookie", [])]
    token = next((cookie for cookie in cookies if cookie.startswith("remember_token=")), "")
    visitor.forget()
    visitor.expect("GET", "/", contains="Hello, ada!", headers={"Cookie": token})
    visitor.expect("GET", "/fresh", 401, headers={"Cookie": token})


def visit_sqlalchemy(visitor: Visitor) -> None:
    """Three notes make two pages; a failed commit leaves the next request unharmed."""
    for number in (1, 2, 3):
        visitor.expect("POST", "/notes", 201, f'"id":{number}', json={"text": f"note {number}"})
    visitor.expect("POST", "/notes", 500, json={"text": "note 1"})
    visitor.expect("GET", "/notes?page=2", contains='{"items":["note 3"],"pages":2,"total":3}')
    visitor.expect("GET", "/notes?page=9", 404)
    visitor.expect("GET", "/notes/1", contains="note 1")
    visitor.expect("GET", "/notes/9", 404)


def visit_caching(visitor: Visitor) -> None:
    """What was computed is kept, by path, by query or by argument, until it is cleared."""
    for _ in range(2):
        visitor.expect("GET", "/view", contains="view 1")
    visitor.expect("GET", "/query?a=1&b=2", contains="query 1")
    visitor.expect("GET", "/query?b=2&a=1", contains="query 1")
    visitor.expect("GET", "/query?a=2", contains="query 2")
    for _ in range(2):
        visitor.expect("GET", "/double/4", contains="8 after 1")
    visitor.expect("POST", "/clear", contains="cleared")
    visitor.expect("GET", "/view", contains="view 2")


def visit_limiter(visitor: Visitor) -> None:
    """The third request is one too many."""
    for left in ("1", "0"):
        answer = visitor.expect("GET", "/few", contains="few")
        if answer.headers["X-RateLimit-Remaining"] != left:
            visitor.surprises.append(f"GET /few: not {left} left: {answer.headers}")
    visitor.expect("GET", "/few", 429, "Slow down: 2 per 1 hour")
    for _ in range(5):
        visitor.expect("GET", "/default", contains="default")
    visitor.expect("GET", "/default", 429)
    for _ in range(6):
        visitor.expect("GET", "/exempt", contains="exempt")


def visit_cors(visitor: Visitor) -> None:
    """Preflights, simple requests and errors, from a friend and from a stranger."""
    ask = {"Origin": FRIEND, "Access-Control-Request-Method": "PUT"}
    allow = "Access-Control-Allow-Origin"
    allowed = [
        visitor.expect("OPTIONS", "/api/thing", headers=ask).headers[allow],
        visitor.expect("GET", "/api/thing", headers=ask).headers[allow],
        visitor.expect("GET", "/api/missing", 404, headers=ask).headers[allow],
        visitor.expect("GET", "/own", headers={"Origin": "https://other.example"}).headers[allow],
        visitor.expect("GET", "/closed", headers=ask).headers[allow],
        visitor.expect("GET", "/api/thing", headers={"Origin": "https://x.example"}).headers[allow],
    ]
    if allowed != [FRIEND, FRIEND, FRIEND, "https://other.example", None, None]:
        visitor.surprises.append(f"Origins allowed: {allowed}")


def visit_mail(visitor: Visitor) -> None:
    """The message is recorded."""
    form = {"subject": "Engines é"}
    visitor.expect("POST", "/send", contains=r'"sent":["Engines \u00e9"]', form=form)


def visit_session(visitor: Visitor) -> None:
    """The value is the visitor's own, and not in the cookie."""
    visitor.expect("GET", "/get", contains="value none")
    answer = visitor.expect("POST", "/set/secret", contains="set")
    if "session=" not in answer.headers["Set-Cookie"] or "secret" in str(answer.headers):
        visitor.surprises.append(f"Session cookie: {answer.headers['Set-Cookie']}")
    visitor.expect("GET", "/get", contains="value secret")
    first = visitor.expect("GET", "/sid").text
    visitor.expect("GET", "/sid", contains=first)
    visitor.expect("POST", "/clear", contains="cleared")
    visitor.expect("GET", "/get", contains="value none")


def visit_babel(visitor: Visitor) -> None:
    """The header chooses the language."""
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
    visitor.expect("GET", "/date", contains="1. März 2024", headers=german)
    visitor.expect("GET", "/date", contains="March 1, 2024")
    visitor.expect("GET", "/time", contains="01.07.24, 14:00", headers=german)
    visitor.expect("GET", "/forced", contains="fr 1 mars 2024", headers=german)
    visitor.expect("GET", "/page", contains="1.234,5 hello you", headers=german)


def visit_restful(visitor: Visitor) -> None:
    """Resources are listed, made, refused, read and deleted."""
    visitor.expect("GET", "/tasks", contains='"text": "weave"')
    visitor.expect("POST", "/tasks", 201, '"id": 2', json={"text": "knit"})
    visitor.expect("POST", "/tasks", 415, form={"text": "sew"})
    visitor.expect("POST", "/tasks", 400, "What is to be done?", json={})
    visitor.expect("GET", "/tasks/2", contains='"uri": "/tasks/2"')
    visitor.expect("GET", "/tasks/9", 404, "No task 9")
    visitor.expect("PUT", "/tasks/2", 405)
    visitor.expect("DELETE", "/tasks/2", 204)


def visit_smorest(visitor: Visitor) -> None:
    """Arguments are checked, results shaped and tagged, all of it described."""
    visitor.expect("POST", "/pets/", 201, '"id":1', json={"name": "Kitty"})
    visitor.expect("POST", "/pets/", 422, "Missing data for required field.", json={})
    pets = visitor.expect("GET", "/pets/?name=Kitty", contains="Kitty")
    if '"total": 1' not in pets.headers["X-Pagination"]:
        visitor.surprises.append(f"Pagination: {pets.headers['X-Pagination']}")
    pet = visitor.expect("GET", "/pets/1", contains="Kitty")
    etag = {"If-None-Match": pet.headers["ETag"] or ""}
    visitor.expect("GET", "/pets/1", 304, headers=etag)
    visitor.expect("GET", "/pets/2", 404, "No such pet.")
    visitor.expect("GET", "/openapi.json", contains="/pets/{pet_id}")
