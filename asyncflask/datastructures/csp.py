"""Content-Security-Policy as a dict of directives with an attribute for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from .containers import CallbackDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self


class PolicyDirective:
    """An attribute that reads and writes the directive it is named for; None removes it."""

    def __set_name__(self, owner: Any, name: str) -> None:
        self.key = name.replace("_", "-")

    @overload
    def __get__(self, policy: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, policy: ContentSecurityPolicy, owner: Any) -> str | None: ...
    def __get__(self, policy: ContentSecurityPolicy | None, owner: Any) -> Any:
        return self if policy is None else policy.get(self.key)

    def __set__(self, policy: ContentSecurityPolicy, value: str | None) -> None:
        if value is None:
            policy.pop(self.key, None)
        else:
            policy[self.key] = value

    def __delete__(self, policy: ContentSecurityPolicy) -> None:
        policy.pop(self.key, None)


class ContentSecurityPolicy(CallbackDict[str, str]):
    """The directives of a policy. `policy.script_src` is `policy["script-src"]`, or None."""

    base_uri = PolicyDirective()
    child_src = PolicyDirective()
    connect_src = PolicyDirective()
    default_src = PolicyDirective()
    font_src = PolicyDirective()
    form_action = PolicyDirective()
    frame_ancestors = PolicyDirective()
    frame_src = PolicyDirective()
    img_src = PolicyDirective()
    manifest_src = PolicyDirective()
    media_src = PolicyDirective()
    navigate_to = PolicyDirective()
    object_src = PolicyDirective()
    plugin_types = PolicyDirective()
    prefetch_src = PolicyDirective()
    report_to = PolicyDirective()
    report_uri = PolicyDirective()
    sandbox = PolicyDirective()
    script_src = PolicyDirective()
    script_src_attr = PolicyDirective()
    script_src_elem = PolicyDirective()
    style_src = PolicyDirective()
    style_src_attr = PolicyDirective()
    style_src_elem = PolicyDirective()
    worker_src = PolicyDirective()

    def __init__(
        self,
        values: Mapping[str, str] | Iterable[tuple[str, str]] | None = (),
        on_update: Callable[[Self], None] | None = None,
    ) -> None:
        super().__init__(values, on_update)
        self.provided = values is not None

    def to_header(self) -> str:
        return "; ".join(f"{key} {value}".rstrip() for key, value in self.items())

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        directives = " ".join(f"{key}={value!r}" for key, value in sorted(self.items()))
        return f"<{type(self).__name__} {directives}>"
