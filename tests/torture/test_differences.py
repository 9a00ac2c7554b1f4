"""What is said of rows that differ because of the server."""

from __future__ import annotations

import re

import pytest

from tests.torture import points as points
from tests.torture.case import CASES, Row
from tests.torture.differences import DIFFERENCES, judge
from tests.torture.servers import COMMANDS, ROOT

STOPPING = "SIGTERM with open WebSockets"
KNOWN = "closed with 20 × 1006; shut down 1 ×, status 0, 0.1 s later"
VIEWS = "sync views of 100 ms, 1000 at a time"
BUSY = "1000 done in 3.2 s; health p99 112 ms, max 219 ms of 349"


def test_what_a_server_is_known_to_do_is_named():
    """The row says that the server does it, and what; the command does not fail for it."""
    verdict = judge("granian", 20, Row(STOPPING, 20, KNOWN, False))

    assert verdict.text.startswith("server: WebSockets that are open")
    assert not verdict.is_failure


@pytest.mark.parametrize("server", ["h11", "hypercorn"])
def test_it_is_bad_on_other_servers(server):
    """What one server is known to do is as bad as ever where another does it."""
    verdict = judge(server, 20, Row(STOPPING, 20, KNOWN, False))

    assert verdict.text == "**BAD**"
    assert verdict.is_failure


@pytest.mark.parametrize(
    "figure",
    [
        "closed with 19 × 1006; shut down 1 ×, status 0, 0.1 s later",
        "closed with 20 × 1006; shut down 2 ×, status 0, 0.1 s later",
        "closed with 20 × 1000; shut down 1 ×, status 0, 0.1 s later",
    ],
)
def test_anything_else_about_the_row_is_bad(figure):
    """Only just what is known of the server is not held against the package."""
    verdict = judge("granian", 20, Row(STOPPING, 20, figure, False))

    assert verdict.is_failure


def test_what_no_longer_differs_is_a_failure():
    """A server that has changed is noticed, so that the list can be shortened."""
    verdict = judge("granian", 20, Row(STOPPING, 20, "closed with 20 × 1012", True))

    assert verdict.text.startswith("**no longer differs**; server: ")
    assert verdict.is_failure


def test_what_depends_on_the_machine_may_be_good():
    """What is a matter of load is named even when it was not seen, and no failure then."""
    verdict = judge("hypercorn", 14, Row(VIEWS, 1000, BUSY, True))

    assert verdict.text.startswith("good this time; server: ")
    assert not verdict.is_failure


def test_fewer_answers_are_never_a_matter_of_load():
    """The figure has to tell of as many answers as there were requests."""
    row = Row(VIEWS, 1000, BUSY.replace("1000", "999"), False)

    assert judge("hypercorn", 14, row).is_failure
    assert not judge("hypercorn", 14, Row(row.what, 999, row.figure, False)).is_failure


@pytest.mark.parametrize("each", DIFFERENCES, ids=lambda each: f"{each.point}-{each.servers[0]}")
def test_the_documentation_lists_it(each):
    """Each has a line in the page about deploying, in the same words; uvicorn has none."""
    page = (ROOT / "docs/pages/deploying.md").read_text()

    assert re.search(rf"^\| [^|]+ \| {each.point} \| {re.escape(each.reason)} \| \S", page, re.M)
    assert {*each.servers} <= {*COMMANDS} - {"h11", "httptools"}
    assert each.point in {case.point for case in CASES}
