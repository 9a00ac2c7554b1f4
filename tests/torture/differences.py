"""What servers do otherwise by themselves, with any application, and what a row then is.

Each was seen with an application of a few lines, too. docs/pages/deploying.md lists them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .case import Row


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows that are not good because of the server.

    Attributes:
        servers: those that do it.
        what: pattern of the rows' `what`.
        figure: pattern of "<count>: <figure>" of a row; one that does not match is bad as ever.
        is_certain: whether the row is never good; what depends on the machine's load may be.
    """

    servers: tuple[str, ...]
    point: int
    what: str
    figure: str
    reason: str
    is_certain: bool = True

    def concerns(self, server: str, point: int, row: Row) -> bool:
        """Whether a row is one of those that the server may make differ."""
        is_about = server in self.servers and point == self.point
        return is_about and re.fullmatch(self.what, row.what) is not None

    def explains(self, row: Row) -> bool:
        """Whether a row shows just what is known."""
        return re.fullmatch(self.figure, f"{row.count}: {row.figure}") is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a row, and whether the command fails for it."""

    text: str
    is_failure: bool


def judge(server: str, point: int, row: Row) -> Verdict:
    """Say whether a row is good, or as the server has it, or neither."""
    known = next((each for each in DIFFERENCES if each.concerns(server, point, row)), None)
    if known is None:
        return Verdict("good", False) if row.is_good else Verdict("**BAD**", True)
    if not row.is_good:
        is_known = known.explains(row)
        return Verdict(f"server: {known.reason}", False) if is_known else Verdict("**BAD**", True)
    if known.is_certain:
        return Verdict(f"**no longer differs**; server: {known.reason}", True)
    return Verdict(f"good this time; server: {known.reason}", False)


DIFFERENCES: Final = (
    Difference(
        ("hypercorn",),
        13,
        "clients read /async/torrent",
        r"5: health p99 [1-9]\d\d ms, max \d+ ms of \d+; \d+ MB/s; nothing left",
        "answers take tenths of a second beside five streams that never wait: each needs many turns"
        " of its event loop",
        is_certain=False,
    ),
    Difference(
        ("hypercorn", "trio"),
        14,
        r"sync views of 100 ms, (300|1000) at a time",
        r"(\d+): \1 done in .* s; health p99 [1-9]\d\d ms, .* of \d+",
        "1,000 new connections at a time keep its event loop busy for tenths of a second",
        is_certain=False,
    ),
    Difference(
        ("hypercorn",),
        16,
        "CancelledError, (a?sync)",
        r"(\d+): \1 × 500; nothing left; not in the log: [^;]*",
        "a CancelledError that leaves an application is answered with 500, and not logged",
    ),
    Difference(
        ("granian",),
        16,
        "StopIteration, (a?sync)",
        r"(\d+): \1 × 500; nothing left; not in the log: \d+ × teardown",
        "a StopIteration that leaves an application is answered with 500, and not logged",
    ),
    Difference(
        ("hypercorn", "trio", "granian"),
        19,
        "(bodies|uploads) larger than .*",
        r"\d+: (\d+ × (5\d\d|BrokenPipeError|ConnectionResetError)(, )?)+;"
        r" beside them \d+ × 200; after them 200; nothing left",
        "a request that is answered before all of its body has come has its connection closed, and"
        " the answer may be lost",
    ),
    Difference(
        ("trio",),
        20,
        "a start-up that fails",
        r"1: exit status 0, reason in the log \d+ ×",
        "with worker processes the exit status of a start-up that fails is 0",
    ),
    Difference(
        ("hypercorn",),
        20,
        "SIGTERM with open WebSockets",
        r"\d+: closed with \d+ × 10(01|11)(, \d+ × 10(01|11))?; shut down 1 ×, .*",
        "WebSockets that are open when it stops are cancelled twice, and may be closed with 1011",
        is_certain=False,
    ),
    Difference(
        ("granian",),
        20,
        "SIGTERM with open WebSockets",
        r"(\d+): closed with \1 × 1006; shut down [01] ×, status 0, .*",
        "WebSockets that are open when it stops are cut, which clients call 1006; now and then its"
        " worker crashes over that, before the shutdown functions",
    ),
    Difference(
        ("hypercorn",),
        21,
        "mixed requests",
        r"\d+: \+([5-9]|1\d)\.\d% .*; 0 wrong answers; nothing left",
        "it keeps 2 to 5 MB more after 100,000 requests",
        is_certain=False,
    ),
)
