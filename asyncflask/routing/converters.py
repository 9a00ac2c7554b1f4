"""The converters: what a variable in a rule matches, and its value in Python and in URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from ..datastructures import ImmutableDict
from .quoting import quote_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from .map import Map


class ValidationError(ValueError):
    """Raised by `to_python`: the rule does not match after all. By `to_url`: try another rule."""


class BaseConverter:
    """A converter to derive from.

    A subclass with a `regex` of its own is taken to match more than one segment of a path if the
    regex has a slash in it, unless it sets `part_isolating` itself.
    """

    # What the variable matches; the value of no group but the whole of it is converted.
    regex: str = "[^/]+"

    # Among the variables that may stand at one place, the lightest is tried first.
    weight: int = 100

    # Whether the variable stays within one segment of the path.
    part_isolating: bool = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "regex" in vars(cls) and "part_isolating" not in vars(cls):
            cls.part_isolating = "/" not in cls.regex

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        self.map = map

    def to_python(self, value: str) -> Any:
        """Convert what stands in the URL.

        Raises:
            ValidationError: it is no value for this rule.
        """
        return value

    def to_url(self, value: Any) -> str:
        """Return `value` as it stands in a URL, quoted."""
        return quote_path(str(value))


class UnicodeConverter(BaseConverter):
    """Any text without a slash.

    Args:
        minlength, maxlength: bounds of its length in characters, both inclusive.
        length: its exact length; overrides the bounds.
    """

    def __init__(
        self,
        map: Map,
        minlength: int = 1,
        maxlength: int | None = None,
        length: int | None = None,
    ) -> None:
        super().__init__(map)
        if length is not None:
            bounds = str(int(length))
        else:
            bounds = f"{int(minlength)},{'' if maxlength is None else int(maxlength)}"
        self.regex = f"[^/]{{{bounds}}}"


class AnyConverter(BaseConverter):
    """One of the given texts."""

    def __init__(self, map: Map, *items: Any) -> None:
        super().__init__(map)
        texts = [str(item) for item in items]
        self.items = set(texts)
        self.regex = f"(?:{'|'.join(re.escape(text) for text in texts)})"

    def to_url(self, value: Any) -> str:
        """Return `value` quoted.

        Raises:
            ValueError: it is none of the texts.
        """
        text = str(value)
        if text in self.items:
            return quote_path(text)
        valid = ", ".join(f"'{item}'" for item in sorted(self.items))
        raise ValueError(f"'{text}' is not one of {valid}.")


class PathConverter(BaseConverter):
    """Any text, slashes included; it does not start with one."""

    part_isolating = False
    regex = "[^/].*?"
    weight = 200


class NumberConverter(BaseConverter):
    """What the converters of numbers share.

    Args:
        fixed_digits: how many characters the number has, filled with zeros; 0 for any.
        min, max: bounds of the number, both inclusive.
        signed: whether it may be negative.
    """

    weight = 50
    num_convert: ClassVar[Callable[..., Any]] = int

    def __init__(
        self,
        map: Map,
        fixed_digits: int = 0,
        min: float | None = None,
        max: float | None = None,
        signed: bool = False,
    ) -> None:
        super().__init__(map)
        if signed:
            self.regex = self.signed_regex
        self.fixed_digits = fixed_digits
        self.min = min
        self.max = max
        self.signed = signed

    @property
    def signed_regex(self) -> str:
        """The pattern with a minus allowed before it."""
        return f"-?{self.regex}"

    def to_python(self, value: str) -> Any:
        """Return the number.

        Raises:
            ValidationError: it has too few or too many digits, or is out of bounds.
        """
        if self.fixed_digits and len(value) != self.fixed_digits:
            raise ValidationError(f"{value!r} has not {self.fixed_digits} digits.")
        number = self._to_number(value)
        too_small = self.min is not None and number < self.min
        if too_small or (self.max is not None and number > self.max):
            raise ValidationError(f"{value!r} is out of bounds.")
        return number

    def _to_number(self, value: str) -> Any:
        try:
            return self.num_convert(value)
        except ValueError as exc:
            # Python refuses to convert integers of thousands of digits.
            raise ValidationError(str(exc)) from exc

    def to_url(self, value: Any) -> str:
        """Return the number in digits."""
        return str(self.num_convert(value)).zfill(self.fixed_digits)


class IntegerConverter(NumberConverter):
    """A whole number; without a sign, unless `signed`."""

    regex = r"\d+"


class FloatConverter(NumberConverter):
    """A number with a decimal point; without a sign, unless `signed`."""

    # With more digits it might be infinite, which no JSON can hold.
    regex = r"\d{1,308}\.\d+"
    num_convert = float

    def __init__(
        self,
        map: Map,
        min: float | None = None,
        max: float | None = None,
        signed: bool = False,
    ) -> None:
        super().__init__(map, min=min, max=max, signed=signed)


class UUIDConverter(BaseConverter):
    """A UUID in its form with four hyphens."""

    regex = "[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}"

    def to_python(self, value: str) -> UUID:
        """Return the UUID."""
        # PERF: with the first such URL, as in `json.provider.to_serializable`.
        from uuid import UUID

        return UUID(value)


def reader_of(converter: BaseConverter) -> Callable[[str], Any]:
    """Return what does the same as `converter.to_python`, for the plainest converters in C.

    It may raise any ValueError where `to_python` raises a ValidationError.
    """
    own = getattr(converter.to_python, "__func__", None)
    if own is BaseConverter.to_python:
        return str
    if own is NumberConverter.to_python and _is_unbounded(converter):
        return type(converter).num_convert  # type: ignore[attr-defined,no-any-return]  # a NumberConverter
    return converter.to_python


def _is_unbounded(converter: Any) -> bool:
    if type(converter) not in (IntegerConverter, FloatConverter):
        return False
    return not converter.fixed_digits and converter.min is None and converter.max is None


DEFAULT_CONVERTERS: Mapping[str, type[BaseConverter]] = ImmutableDict(
    {
        "default": UnicodeConverter,
        "string": UnicodeConverter,
        "any": AnyConverter,
        "path": PathConverter,
        "int": IntegerConverter,
        "float": FloatConverter,
        "uuid": UUIDConverter,
    }
)
