"""The language of rules, read into pieces: texts, slashes and variables with their arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_match_variable = re.compile(
    r"<"
    r"(?:(?P<converter>[a-zA-Z_][a-zA-Z0-9_]*)(?:\((?P<arguments>.*?)\))?:)?"
    r"(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)"
    r">"
).match
_match_text = re.compile(r"[^/<]+").match
_match_argument = re.compile(
    r"""
    \s*(?:(?P<name>\w+)\s*=\s*)?
    (?:[uUrR]?(?P<quote>["'])(?P<string>.*?)(?P=quote) | (?P<word>-?\.?\d[\w.]*|[\w.]+))
    \s*(?:,|$)
    """,
    re.VERBOSE | re.DOTALL,
).match

_CONSTANTS = {"True": True, "False": False, "None": None}


@dataclass(frozen=True, slots=True)
class Variable:
    """`<converter(arguments):name>`. Two of the same name are equal whatever converts them."""

    name: str
    converter: str = field(default="default", compare=False)
    arguments: str = field(default="", compare=False)


# A str is "/" or a text without slashes.
Piece = str | Variable


def parse_rule(rule: str) -> list[Piece]:
    """Split a rule, or the rule of a host or subdomain.

    Raises:
        ValueError: a "<" opens no variable.
    """
    pieces: list[Piece] = []
    position = 0
    while position < len(rule):
        piece, position = _parse_piece(rule, position)
        pieces.append(piece)
    return pieces


def _parse_piece(rule: str, position: int) -> tuple[Piece, int]:
    if rule[position] == "/":
        return "/", position + 1
    if text := _match_text(rule, position):
        return text[0], text.end()
    if variable := _match_variable(rule, position):
        converter = variable["converter"] or "default"
        return Variable(variable["name"], converter, variable["arguments"] or ""), variable.end()
    raise ValueError(
        f"Malformed URL rule {rule!r}: {rule[position:]!r} opens no variable."
        " Write <name>, <converter:name> or <converter(arguments):name>."
    )


def parse_converter_args(argstr: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Read a converter's arguments, as in `1, "a b", word, max=5`.

    Returns:
        The positional ones and the named ones. True, False, None and numbers are taken for what
        they say, everything else for strings.
    Raises:
        ValueError: an argument is none of these.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    position = 0
    while argstr[position:].strip():
        argument = _match_argument(argstr, position)
        if argument is None:
            raise ValueError(
                f"Cannot parse converter argument {argstr[position:].strip()!r}."
                " Put what is neither a number nor a plain word in quotes."
            )
        if argument["name"]:
            kwargs[argument["name"]] = _value_of(argument)
        else:
            args.append(_value_of(argument))
        position = argument.end()
    return tuple(args), kwargs


def _value_of(argument: re.Match[str]) -> Any:
    word = argument["word"]
    if word is None:
        return argument["string"]
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    return _number_or_word(word)


def _number_or_word(word: str) -> int | float | str:
    if word[0].isalpha():
        return word  # "nan" and "inf" too
    for convert in (int, float):
        try:
            return convert(word)
        except ValueError:
            continue
    return word
