"""Responses to conditional requests and to requests for a part."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asyncflask.exceptions import RequestedRangeNotSatisfiable
from asyncflask.wrappers.response import Response

NEW_YEAR = "Wed, 01 Jan 2020 00:00:00 GMT"
DAY_BEFORE = "Tue, 31 Dec 2019 00:00:00 GMT"


def make_scope(method="GET", **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": "/", "headers": pairs}


def digits(body="0123456789"):
    response = Response(body)
    response.set_etag("tag")
    response.last_modified = datetime(2020, 1, 1, tzinfo=UTC)
    return response


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if_none_match": '"tag"'}, 304),
        ({"if_none_match": 'W/"tag"'}, 304),
        ({"if_none_match": '"other", "tag"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_modified_since": NEW_YEAR}, 304),
        ({"if_modified_since": DAY_BEFORE}, 200),
        ({"if_modified_since": "nonsense"}, 200),
        ({"if_none_match": '"other"', "if_modified_since": NEW_YEAR}, 200),
        ({"if_match": '"tag"'}, 200),
        ({"if_match": '"other"'}, 412),
    ],
)
def test_conditions_decide_the_status(headers, status):
    """A client with a good copy gets 304; tags count more than dates."""
    response = digits()

    assert response.make_conditional(make_scope(**headers)) is response
    assert response.status_code == status


def test_only_reading_is_conditional():
    """A POST is answered in full."""
    response = digits().make_conditional(make_scope("POST", if_none_match='"tag"'))

    assert response.status_code == 200


def test_the_date_is_left_to_the_server():
    """ASGI servers add it, whether there is one or not."""
    response = Response("x").make_conditional(make_scope())

    assert "Date" not in response.headers


def test_a_request_stands_for_its_scope():
    """Anything with a `scope` is taken."""

    class Request:
        scope = make_scope(if_none_match='"tag"')

    assert digits().make_conditional(Request()).status_code == 304


def test_something_else_is_refused():
    """The error says what is needed."""
    with pytest.raises(TypeError, match="request or an ASGI scope"):
        digits().make_conditional("GET /")


# Ranges


@pytest.mark.parametrize(
    ("asked", "data", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=5-", b"56789", "bytes 5-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=5-100", b"56789", "bytes 5-9/10"),
        ("bytes=-30", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_is_cut_out(asked, data, content_range):
    """With its place in the whole."""
    response = digits().make_conditional(
        make_scope(range=asked), accept_ranges=True, complete_length=10
    )

    assert response.status_code == 206
    assert response.data == data
    assert response.content_length == len(data)
    assert response.headers["Content-Range"] == content_range
    assert response.accept_ranges == "bytes"


@pytest.mark.parametrize(
    "asked",
    ["bytes=10-", "bytes=100-200", "bytes=5-3", "bytes=0-1,3-4", "bytes=a-b", "rows=0-3", "?"],
)
def test_a_range_that_is_not_there_is_an_error(asked):
    """416 with the size of the whole; so are several ranges at once."""
    with pytest.raises(RequestedRangeNotSatisfiable) as raised:
        digits().make_conditional(make_scope(range=asked), accept_ranges=True, complete_length=10)

    assert raised.value.get_response().headers["Content-Range"] == "bytes */10"


@pytest.mark.parametrize("arguments", [{}, {"accept_ranges": True}, {"complete_length": 10}])
def test_ranges_are_served_only_on_request(arguments):
    """Both that they are accepted and the size of the whole must be said."""
    response = digits().make_conditional(make_scope(range="bytes=0-3"), **arguments)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [('"tag"', 206), ('"other"', 200), (NEW_YEAR, 206), (DAY_BEFORE, 200)],
)
def test_if_range_wants_the_whole_of_another_version(condition, status):
    """A part only helps who has other parts of the same version."""
    scope = make_scope(range="bytes=0-3", if_range=condition)

    response = digits().make_conditional(scope, accept_ranges=True, complete_length=10)

    assert response.status_code == status


def test_a_part_of_a_stream_can_be_sent():
    """Whatever the chunks are; what comes after the part is not produced."""
    produced = []

    def chunks():
        for chunk in ["01", b"234", "56", "789"]:
            produced.append(chunk)
            yield chunk

    response = Response(chunks())
    response.make_conditional(make_scope(range="bytes=1-5"), True, 10)

    assert response.get_data() == b"12345"
    assert produced == ["01", b"234", "56"]


@pytest.mark.anyio
async def test_a_part_of_an_async_stream_can_be_sent(exchange):
    """And the generator is closed where the part ends."""
    closed = []

    async def chunks():
        try:
            for chunk in ["01", b"234", "56", "789"]:
                yield chunk
        finally:
            closed.append(True)

    response = Response(chunks())
    response.make_conditional(make_scope(range="bytes=1-5"), True, 10)

    answer = await exchange(response)

    assert answer.body == b"12345"
    assert answer.headers["content-length"] == "5"
    assert closed == [True]


@pytest.mark.anyio
async def test_a_part_of_a_sync_stream_closes_it(exchange):
    """The iterable's own close() runs, once."""
    closed = []

    class Rows:
        def __iter__(self):
            return iter(["01234", "56789"])

        def close(self):
            closed.append(True)

    response = Response(Rows())
    response.make_conditional(make_scope(range="bytes=3-6"), True, 10)

    answer = await exchange(response)

    assert answer.body == b"3456"
    assert closed == [True]
