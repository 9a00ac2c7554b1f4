"""The state that a request or WebSocket shares with the lifespan and with middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .lazy import lazy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import State


class ScopeState:
    """What the scope's `state` holds."""

    scope: Mapping[str, Any]

    @lazy
    def state(self) -> State:
        """What the app's lifespan has yielded, and what middleware has added for this one.

        Attributes and items are the same. Setting them is seen in this request alone.
        """
        # PERF: with the first state, as in `ServingHooks.state`.
        from starlette.datastructures import State

        # The scope is a dict of the server's, except where a request is made by hand.
        scope: Any = self.scope
        return State(scope.setdefault("state", {}) if isinstance(scope, dict) else {})
