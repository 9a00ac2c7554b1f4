"""What a trial found, and the closing table."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """How one application did with its imports swapped, and on Flask where that was tried too.

    Args:
        tests: by name, "passed", "skipped" or the message of what failed.
        control: the same with Flask; None where Flask was not tried.
        known: tests that are allowed to fail here though they pass or skip on Flask, and why.
    """

    name: str
    tests: dict[str, str] = field(default_factory=dict)
    control: dict[str, str] | None = None
    known: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def regressions(self) -> dict[str, str]:
        """The tests that fail, less those that fail on Flask too and those that are known to."""
        control = self.control if self.control is not None else {}
        return {
            name: outcome
            for name, outcome in self.tests.items()
            if _is_failure(outcome)
            and not _is_failure(control.get(name, "passed"))
            and name not in self.known
        }

    @property
    def missing(self) -> list[str]:
        """Tests that ran on Flask and did not run here, as when a module cannot be imported."""
        return sorted(set(self.control or ()) - set(self.tests) - set(self.known))

    @property
    def is_good(self) -> bool:
        return not (self.problems or self.regressions or self.missing)

    def row(self) -> tuple[str, str, str, str, str]:
        """The row of the closing table."""
        on_flask = "-" if self.control is None else _count(self.control)
        answered = max(self.asked - len(self.problems), 0)
        verdict = "good" if self.is_good else "BAD"
        return self.name, _count(self.tests), on_flask, f"{answered}/{self.asked}", verdict

    def details(self) -> list[str]:
        """A line for each thing that is not as it is on Flask."""
        lines = [f"{name}: fails only here: {why}" for name, why in self.regressions.items()]
        lines += [f"{name}: ran only on Flask" for name in self.missing]
        lines += [f"{name}: known: {why}" for name, why in self.known.items()]
        return [f"{self.name}: {line}" for line in (*self.problems, *lines)]


HEADINGS = ("application", "tests passed/failed", "on Flask", "requests ok", "verdict")


def table(results: list[Result]) -> str:
    """The closing table, with what went wrong below it."""
    rows = [HEADINGS, *(result.row() for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join((*lines, *(line for result in results for line in result.details())))


def _is_failure(outcome: str) -> bool:
    return outcome not in {"passed", "skipped"}


def _count(tests: dict[str, str]) -> str:
    if not tests:
        return "none"
    failed = sum(map(_is_failure, tests.values()))
    return f"{sum(outcome == 'passed' for outcome in tests.values())}/{failed}"
