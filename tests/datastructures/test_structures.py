"""The module that has Werkzeug's names where Werkzeug has them."""

from __future__ import annotations

import werkzeug.datastructures.structures as theirs

from asyncflask import datastructures
from asyncflask.datastructures import structures


def test_each_public_class_can_be_taken_from_the_module_too() -> None:
    """As from Werkzeug's, where editors import MultiDict from."""
    here = {name for name, value in vars(theirs).items() if _is_public_class(name, value)}

    assert "MultiDict" in here
    assert {name: getattr(structures, name) for name in here} == {
        name: getattr(datastructures, name) for name in here
    }


def _is_public_class(name: str, value: object) -> bool:
    return isinstance(value, type) and value.__module__ == theirs.__name__ and name[0] != "_"
