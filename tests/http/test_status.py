"""The table of statuses and the values of two security headers."""

from __future__ import annotations

import werkzeug.http as reference

from asyncflask.http import COEP, COOP, HTTP_STATUS_CODES


def test_statuses_have_werkzeugs_names():
    """Error pages and status lines read as they do in Flask."""
    assert HTTP_STATUS_CODES == reference.HTTP_STATUS_CODES


def test_cross_origin_policies_have_their_values():
    """The members are made from the values of the headers."""
    assert COEP("require-corp") is COEP.REQUIRE_CORP
    assert COOP("same-origin") is COOP.SAME_ORIGIN
