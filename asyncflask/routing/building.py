"""How a rule's URLs are put together: its pieces, with the constant ones made at set-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .parsing import Variable
from .quoting import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .converters import BaseConverter
    from .parsing import Piece

# A text that is quoted already, or a variable with what makes its value text.
_Filling = str | tuple[str, Callable[[Any], str]]


@dataclass(frozen=True, slots=True)
class Template:
    """A path or host to fill with values."""

    fillings: tuple[_Filling, ...]
    # All of it, if it has no variables.
    text: str | None

    def fill(self, values: Mapping[str, Any]) -> str:
        """Put `values` in place of the variables.

        Raises:
            KeyError: the value of a variable is missing.
            ValidationError, ValueError: a converter refuses a value.
        """
        if self.text is not None:
            return self.text
        return "".join(
            [
                filling if isinstance(filling, str) else filling[1](values[filling[0]])
                for filling in self.fillings
            ]
        )


def compile_template(
    pieces: Sequence[Piece],
    converters: Mapping[str, BaseConverter],
    defaults: Mapping[str, Any],
) -> Template:
    """Prepare a template; a variable with a default always stands for that."""
    fillings = tuple(_join_texts([_fill_ahead(piece, converters, defaults) for piece in pieces]))
    texts = [filling for filling in fillings if isinstance(filling, str)]
    return Template(fillings, "".join(texts) if len(texts) == len(fillings) else None)


def _fill_ahead(
    piece: Piece, converters: Mapping[str, BaseConverter], defaults: Mapping[str, Any]
) -> _Filling:
    if not isinstance(piece, Variable):
        return quote_path(piece)
    to_url = converters[piece.name].to_url
    if piece.name in defaults:
        return to_url(defaults[piece.name])
    return piece.name, to_url


def _join_texts(fillings: Sequence[_Filling]) -> Iterator[_Filling]:
    for is_text, run in groupby(fillings, key=lambda filling: isinstance(filling, str)):
        if is_text:
            yield "".join(map(str, run))
        else:
            yield from run
