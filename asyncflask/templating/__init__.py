"""Jinja's environment and loader for an app, and the functions that render with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..deferred import import_on_use
from .rendering import (
    render_template,
    render_template_async,
    render_template_string,
    render_template_string_async,
    stream_template,
    stream_template_async,
    stream_template_string,
    stream_template_string_async,
)
from .variables import _default_template_ctx_processor

if TYPE_CHECKING:
    from .environment import DispatchingJinjaLoader, Environment
else:
    __getattr__, __dir__ = import_on_use(
        __name__, {".environment": ("DispatchingJinjaLoader", "Environment")}
    )

__all__ = [
    "DispatchingJinjaLoader",
    "Environment",
    "_default_template_ctx_processor",
    "render_template",
    "render_template_async",
    "render_template_string",
    "render_template_string_async",
    "stream_template",
    "stream_template_async",
    "stream_template_string",
    "stream_template_string_async",
]
