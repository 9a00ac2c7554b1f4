"""What may be said of how long a response may take."""

from __future__ import annotations

import pytest

from asyncflask.setup.timeouts import check_timeout


@pytest.mark.parametrize("timeout", [0.1, 30, float("inf"), None, ...])
def test_seconds_none_and_nothing_at_all(timeout):
    """They are taken as they are."""
    assert check_timeout(timeout, "timeout") is None


@pytest.mark.parametrize("timeout", ["30", True, [1]])
def test_what_is_no_number(timeout):
    """The error shows it and says what to give."""
    with pytest.raises(TypeError, match=r"The timeout is .* which is no number\. Give seconds"):
        check_timeout(timeout, "timeout")


@pytest.mark.parametrize("timeout", [0, -1.5, float("nan")])
def test_what_is_no_time(timeout):
    """Nothing can be answered in it."""
    with pytest.raises(ValueError, match="more than 0, or None"):
        check_timeout(timeout, "timeout")
