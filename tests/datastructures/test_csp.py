"""Content-Security-Policy as a dict with attributes."""

from __future__ import annotations

import werkzeug.datastructures as reference

from asyncflask.datastructures import ContentSecurityPolicy


def test_directives_are_attributes():
    """Underscores stand for dashes; what is missing is None."""
    policy = ContentSecurityPolicy({"img-src": "*"})

    assert (policy.img_src, policy.script_src) == ("*", None)


def test_setting_attributes_writes_the_header():
    """None and del remove a directive."""
    policy = ContentSecurityPolicy({"img-src": "*", "font-src": "*"})

    policy.default_src = "'self'"
    policy.img_src = None
    del policy.font_src

    assert policy.to_header() == str(policy) == "default-src 'self'"


def test_changes_are_reported():
    """This is how a response's header follows."""
    seen = []
    policy = ContentSecurityPolicy(on_update=lambda changed: seen.append(str(changed)))

    policy.sandbox = ""
    policy.script_src = None

    assert seen == ["sandbox"]


def test_every_directive_of_werkzeug_is_there():
    """Nothing that a Flask application sets is missing."""
    names = {
        name
        for name in vars(reference.ContentSecurityPolicy)
        if isinstance(vars(reference.ContentSecurityPolicy)[name], property)
    }

    assert names <= set(vars(ContentSecurityPolicy))


def test_it_shows_its_directives():
    """Sorted, for logs and the debugger."""
    policy = ContentSecurityPolicy({"img-src": "*"})

    assert repr(policy) == "<ContentSecurityPolicy img-src='*'>"
