"""JSON that keeps Python types: a tagged value is an object with one key, the tag.

The wire format is Flask's, letter for letter: session cookies are written in it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ..syntax import http_date, parse_date
from . import dumps_compact, loads, loads_text

if TYPE_CHECKING:
    from collections.abc import Iterable


# What none of the default tags takes.
_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})


class JSONTag:
    """One type's tag. Subclass it, and register the subclass with the serializer."""

    __slots__ = ("serializer",)

    key: str = ""
    """The tag's name on the wire. Empty: no tag of its own, `to_json` gives the value as it is."""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: Any) -> bool:
        """Whether this tag is for `value`."""
        raise NotImplementedError(f"{type(self).__name__} has to define check().")

    def to_json(self, value: Any) -> Any:
        """What stands for `value` on the wire, its contents tagged too."""
        raise NotImplementedError(f"{type(self).__name__} has to define to_json().")

    def to_python(self, value: Any) -> Any:
        """The inverse of `to_json`; contents are untagged already."""
        raise NotImplementedError(f"{type(self).__name__} has to define to_python().")

    def tag(self, value: Any) -> Any:
        """`{key: what stands for value}`."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dict with one key that is a tag's name, which would be taken for a tagged value."""

    __slots__ = ()
    key = " di"

    def check(self, value: Any) -> bool:
        if not isinstance(value, dict) or len(value) != 1:
            return False
        return next(iter(value)) in self.serializer.tags

    def to_json(self, value: Any) -> Any:
        key = next(iter(value))
        return {f"{key}__": self.serializer.tag(value[key])}

    def to_python(self, value: Any) -> Any:
        key = next(iter(value))
        return {key[:-2]: value[key]}


class PassDict(JSONTag):
    """Any other dict: itself, its values tagged. JSON makes strings of its keys."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        return isinstance(value, dict)

    def to_json(self, value: Any) -> Any:
        tag = self.serializer.tag
        return {key: tag(item) for key, item in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    __slots__ = ()
    key = " t"

    def check(self, value: Any) -> bool:
        return isinstance(value, tuple)

    def to_json(self, value: Any) -> Any:
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: Any) -> Any:
        return tuple(value)


class PassList(JSONTag):
    """A list: itself, its items tagged."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        return isinstance(value, list)

    def to_json(self, value: Any) -> Any:
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    __slots__ = ()
    key = " b"

    def check(self, value: Any) -> bool:
        return isinstance(value, bytes)

    def to_json(self, value: Any) -> Any:
        return b64encode(value).decode("ascii")

    def to_python(self, value: Any) -> Any:
        return b64decode(value)


class TagMarkup(JSONTag):
    """Whatever has an `__html__` method; it comes back as Markup."""

    __slots__ = ()
    key = " m"

    def check(self, value: Any) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: Any) -> Any:
        return str(value.__html__())

    def to_python(self, value: Any) -> Any:
        return Markup(value)


class TagUUID(JSONTag):
    __slots__ = ()
    key = " u"

    def check(self, value: Any) -> bool:
        # PERF: with the first value that has no earlier tag, as in `provider.to_serializable`.
        from uuid import UUID

        return isinstance(value, UUID)

    def to_json(self, value: Any) -> Any:
        return value.hex

    def to_python(self, value: Any) -> Any:
        from uuid import UUID

        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime, to the second; it comes back in UTC. A naive one is taken to be in UTC."""

    __slots__ = ()
    key = " d"

    def check(self, value: Any) -> bool:
        return isinstance(value, datetime)

    def to_json(self, value: Any) -> Any:
        return http_date(value)

    def to_python(self, value: Any) -> Any:
        return parse_date(value)


class TaggedJSONSerializer:
    """Compact JSON that keeps tuples, bytes, Markup, UUIDs, datetimes, and look-alikes of tags.

    Other types that JSON lacks go through the JSON provider and come back as what it wrote.
    """

    __slots__ = ("_own_order", "order", "tags")

    default_tags: Iterable[type[JSONTag]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]
    """The tag classes to begin with; the first whose `check` is true takes a value."""

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)
        kind, own = type(self), TaggedJSONSerializer
        is_own = (kind.default_tags, kind.tag, kind.untag) == (own.default_tags, own.tag, own.untag)
        self._own_order = list(self.order) if is_own else None

    def register(
        self, tag_class: type[JSONTag], force: bool = False, index: int | None = None
    ) -> None:
        """Add a tag.

        Args:
            force: read the key with this tag from now on if another has it. That one keeps
                its place in the order of checks: give an index before it.
            index: where in the order of checks; None is the end. A tag for a subclass of a
                type above (an OrderedDict, say) has to come before that type's.
        Raises:
            KeyError: the key is registered and `force` is not set.
        """
        tag = tag_class(self)
        if tag.key:
            if not force and tag.key in self.tags:
                raise KeyError(
                    f"Tag {tag.key!r} is already registered. Pass force=True to replace it."
                )
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: Any) -> Any:
        """`value` with everything in it tagged that JSON would change."""
        # PERF: what JSON has itself is asked of eight tags in vain: 0.1 µs in place of 1.5.
        if type(value) in _PLAIN_TYPES and self.order == self._own_order:
            return value
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, Any]) -> Any:
        """What one tagged dict stands for; any other dict is returned as it is.

        Raises:
            ValueError: the tag's content does not fit the tag.
        """
        if len(value) != 1:
            return value
        ((key, content),) = value.items()
        tag = self.tags.get(key)
        if tag is None:
            return value
        try:
            return tag.to_python(content)
        except (TypeError, AttributeError, StopIteration) as exc:
            raise ValueError(f"The content of tag {key!r} does not fit it: {content!r}.") from exc

    def _untag_all(self, value: Any) -> Any:
        # Not json's object_hook: an app's provider may be built on a library without it.
        if isinstance(value, dict):
            # PERF: most values are none that hold others: a call less for each.
            content = {
                key: item if type(item) in _PLAIN_TYPES else self._untag_all(item)
                for key, item in value.items()
            }
            return self.untag(content)
        if isinstance(value, list):
            return [self._untag_all(item) for item in value]
        return value

    def _is_plain(self, value: Any) -> bool:
        """Whether no tag takes `value`, nor anything in it, if the tags are the default ones."""
        kind = type(value)
        if kind is dict:
            if len(value) == 1 and next(iter(value)) in self.tags:
                return False
            value = value.values()
        elif kind is not list:
            return kind in _PLAIN_TYPES
        return _PLAIN_TYPES.issuperset(map(type, value)) or all(map(self._is_plain, value))

    def dumps(self, value: Any) -> str:
        """`value` as compact JSON, tagged."""
        # PERF: most sessions need no tag, and then no copy: 0.9 µs in place of 1.5.
        if self.order == self._own_order and self._is_plain(value):
            return dumps_compact(value)
        return dumps_compact(self.tag(value))

    def loads(self, value: str) -> Any:
        """The value that `dumps` was given.

        Raises:
            ValueError: the text is not JSON, or a tag's content does not fit it.
        """
        # PERF: a session that cannot have tags is not gone through: 0.5 µs in place of 1.2. The
        # keys of the default tags begin with a space.
        if type(value) is str and self.order == self._own_order:
            content = loads_text(value)
            if '" ' not in value and "\\u0020" not in value:
                return content
        else:
            content = loads(value)
        return self._untag_all(content)
