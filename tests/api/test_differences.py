"""Holds every public name of Flask, and of Werkzeug where applications use it, against ours.

`flask_3_1_3.json` was written by `record.py`; Werkzeug is there to be looked at. What differs
deliberately is in `differences.toml`, and nothing else may.
"""

from __future__ import annotations

import importlib
import inspect
import json
import runpy
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
RECORD = runpy.run_path(str(HERE / "record.py"))
FLASK = json.loads((HERE / "flask_3_1_3.json").read_text())
LISTED = tomllib.loads((HERE / "differences.toml").read_text())


@dataclass(frozen=True)
class Difference:
    """A name, what differs ("missing", "parameters", "kind" or "base"), and what ours is like."""

    name: str
    change: str
    ours: str = ""

    def is_meant_by(self, listed: dict[str, Any]) -> bool:
        """Whether an entry of the list is about this."""
        return (
            listed["change"] == self.change
            and listed.get("ours", self.ours) == self.ours
            and any(fnmatchcase(self.name, pattern) for pattern in listed["names"])
        )


def compare_module(module: str, names: dict[str, Any]) -> list[Difference]:
    home = importlib.import_module(RECORD["home_of"](module))
    return [
        difference
        for name, theirs in names.items()
        for difference in compare_name(f"{module}.{name}", theirs, home)
    ]


def compare_name(name: str, theirs: dict[str, Any], home: Any) -> list[Difference]:
    ours = getattr(home, name.rpartition(".")[2], None)
    if ours is None:
        return [Difference(name, "missing")]
    description = RECORD["describe"](ours)
    differences = [*compare(name, theirs, description)]
    for member, expected in theirs.get("members", {}).items():
        found = description.get("members", {}).get(member)
        differences += compare(f"{name}.{member}", expected, found)
    differences += [
        Difference(name, "base", base)
        for base in theirs.get("bases", ())
        if is_missing_base(base, ours)
    ]
    return differences


def compare(name: str, theirs: dict[str, Any], ours: dict[str, Any] | None) -> list[Difference]:
    if ours is None:
        return [Difference(name, "missing")]
    # A class may be called as a function is; what it is beyond that does no harm.
    if theirs["kind"] != ours["kind"] and (theirs["kind"], ours["kind"]) != ("function", "class"):
        return [Difference(name, "kind", ours["kind"])]
    wanted, given = theirs.get("parameters"), ours.get("parameters")
    if wanted is not None and not takes(given, wanted):
        return [Difference(name, "parameters", str(given))]
    return []


def takes(given: str | None, wanted: str) -> bool:
    """Whether the parameters are the same; ours may name what Flask only passes on."""
    if given == wanted:
        return True
    passes_on = "*args, **kwargs)"
    return wanted.endswith(passes_on) and str(given).startswith(wanted.removesuffix(passes_on))


def is_missing_base(base: str, ours: type) -> bool:
    """Whether a base that both could share, or that is of a common library, is none of ours."""
    module, _, name = base.rpartition(".")
    if module == "typing":
        return False
    if module.partition(".")[0] in {"flask", "werkzeug"}:
        if module not in {*RECORD["FLASK_MODULES"], *RECORD["WERKZEUG_MODULES"]}:
            return False
        found = getattr(importlib.import_module(RECORD["home_of"](module)), name, None)
    else:
        found = getattr(importlib.import_module(module), name, None)
    return found is not None and not name.startswith("_") and found not in inspect.getmro(ours)


@pytest.fixture(scope="module")
def differences() -> list[Difference]:
    """All of them, in Flask's modules and in Werkzeug's."""
    modules = RECORD["WERKZEUG_MODULES"]
    tables = {**FLASK["modules"]}
    tables |= {module: RECORD["describe_module"](module, modules) for module in modules}
    return [found for module, names in tables.items() for found in compare_module(module, names)]


def test_no_difference_goes_unmentioned(differences):
    """What is missing, or is called otherwise, is listed with its reason."""
    unmentioned = [
        difference
        for difference in differences
        if not any(difference.is_meant_by(entry) for entry in LISTED["difference"])
    ]

    assert unmentioned == []


def test_nothing_is_listed_that_does_not_differ(differences):
    """A difference that is gone leaves the list too."""
    gone = [
        (pattern, entry["change"])
        for entry in LISTED["difference"]
        for pattern in entry["names"]
        if not any(each.is_meant_by({**entry, "names": [pattern]}) for each in differences)
    ]

    assert gone == []


def test_every_difference_has_a_reason():
    """The list says why, in a sentence."""
    assert all(entry["reason"].endswith(".") for entry in LISTED["difference"])


@pytest.mark.parametrize(
    ("all_modules", "compared"),
    [
        (FLASK["all_modules"], RECORD["FLASK_MODULES"]),
        (RECORD["list_modules"]("werkzeug"), RECORD["WERKZEUG_MODULES"]),
    ],
    ids=["flask", "werkzeug"],
)
def test_modules_are_compared_or_listed(all_modules, compared):
    """A module without a counterpart here is listed with its reason, and no other is."""
    package = all_modules[0]
    listed = [
        pattern
        for entry in LISTED["module"]
        for pattern in entry["names"]
        if pattern.startswith(package)
    ]

    # The parts of a package go with it, save those of the package that all are parts of.
    known = [f"{module}." for module in (*compared, *listed) if module != package]
    unknown = {module for module in all_modules if not f"{module}.".startswith(tuple(known))}

    assert unknown - {*compared, *listed} == set()
    assert all(any(f"{m}.".startswith(f"{name}.") for m in all_modules) for name in listed)
    assert set(listed).isdisjoint(compared)


def test_the_table_is_of_the_version_that_is_promised():
    """Flask 3.1.3, with the Werkzeug that the tests run against."""
    assert FLASK["flask"] == "3.1.3"
    assert FLASK["werkzeug"] == importlib.metadata.version("werkzeug")
