"""What may be said of how long a response may take."""

from __future__ import annotations

from typing import Any


def check_timeout(timeout: Any, name: str) -> None:
    """Refuse what is no number of seconds; None is no limit, and `...` says nothing.

    Args:
        name: what was set, for the message.
    Raises:
        TypeError: it is no number.
        ValueError: it is not more than 0.
    """
    if timeout is None or timeout is ...:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(
            f"The {name} is {timeout!r}, which is no number. Give seconds, or None for no limit."
        )
    # NaN is not more than 0 either.
    if not timeout > 0:
        raise ValueError(
            f"The {name} is {timeout!r} seconds, in which nothing can be answered. Give more than"
            " 0, or None for no limit."
        )
