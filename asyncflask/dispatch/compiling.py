"""What is settled about an endpoint's requests before they come: its pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import bridge
from ..sessions import SecureCookieSessionInterface
from ..setup.timeouts import check_timeout
from ..wrappers.response import Response
from .errors import ErrorTable
from .pipeline import Pipeline
from .steps import Step
from .straight import straight_way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


def compile_pipeline(
    app: Any,
    endpoint: str | None,
    blueprints: Sequence[str],
    pipeline_class: type[Pipeline] = Pipeline,
    replaced: Sequence[str] = (),
) -> Pipeline:
    """Settle everything about an endpoint's requests that is known before they come.

    Args:
        endpoint: None compiles the way of requests that match no rule.
        blueprints: the endpoint's blueprints, innermost first.
        pipeline_class: has the steps that the app replaces.
        replaced: the names of these, and of other methods around errors.
    """
    inward = (None, *reversed(blueprints))
    outward = (*blueprints, None)
    view = app.view_functions.get(endpoint)
    interface = app.session_interface
    before_hooks, after_hooks, teardown_hooks = pipeline_class.hooks
    teardown = _steps(getattr(app, teardown_hooks), outward, backwards=True)
    app_teardown = tuple(map(Step.of, reversed(app.teardown_appcontext_funcs)))
    preprocessors = _steps(app.url_value_preprocessors, inward)
    before = _steps(getattr(app, before_hooks), inward)
    opens_session = not _is_cookie_method(interface, "open_session")
    saves_session = not _is_cookie_method(interface, "save_session")
    timeout = app.config["RESPONSE_TIMEOUT"]
    check_timeout(timeout, "RESPONSE_TIMEOUT")
    is_supervised = timeout is not None or _has_supervised_rules(app, endpoint)
    after = _steps(getattr(app, after_hooks), outward, backwards=True)
    steps = (*preprocessors, *before, *after, *teardown, *app_teardown)
    is_ordinary = pipeline_class is Pipeline and not (
        opens_session or saves_session or is_supervised
    )
    goes_straight = is_ordinary and not (preprocessors or teardown or app_teardown)
    return pipeline_class(
        endpoint=endpoint,
        preprocessors=preprocessors,
        before=before,
        view=None if view is None else Step.of(view),
        after=after,
        teardown=teardown,
        app_teardown=app_teardown,
        errors=ErrorTable(app.error_handler_spec, blueprints),
        preprocesses=bool(preprocessors or before)
        or pipeline_class.always_preprocesses
        or "preprocess_request" in replaced,
        tears_down_request=bool(teardown) or "do_teardown_request" in replaced,
        tears_down_app=bool(app_teardown) or "do_teardown_appcontext" in replaced,
        teardown_blocks=all(step.blocks for step in (*teardown, *app_teardown)),
        opens_session=opens_session,
        open_session_blocks=opens_session and bridge.blocks(interface.open_session),
        saves_session=saves_session,
        save_session_blocks=saves_session and bridge.blocks(interface.save_session),
        workers=app.config["THREADPOOL_SIZE"],
        timeout=timeout,
        is_supervised=is_supervised,
        straight=straight_way(app, view, _functions(before), _functions(after))
        if goes_straight
        else None,
        may_send_pages=is_ordinary
        and not steps
        and endpoint is None
        and app.response_class is Response
        and not replaced,
    )


def _steps(
    registry: Mapping[str | None, Sequence[Callable[..., Any]]],
    scopes: Iterable[str | None],
    *,
    backwards: bool = False,
) -> tuple[Step, ...]:
    functions = [
        function
        for scope in scopes
        for function in (
            reversed(registry.get(scope, ())) if backwards else registry.get(scope, ())
        )
    ]
    return tuple(map(Step.of, functions))


def _functions(steps: tuple[Step, ...]) -> tuple[Callable[..., Any], ...]:
    return tuple(step.function for step in steps)


def _has_supervised_rules(app: Any, endpoint: str | None) -> bool:
    """Whether any rule of the endpoint has a time limit or ends with its client."""
    return any(
        rule.endpoint == endpoint and (rule.timeout not in {..., None} or rule.cancel_on_disconnect)
        for rule in app.url_map.iter_rules()
    )


def _is_cookie_method(interface: Any, name: str) -> bool:
    """Whether the session interface has the cookie session's own method, which never blocks."""
    own = getattr(getattr(interface, name), "__func__", None)
    return own is getattr(SecureCookieSessionInterface, name)
