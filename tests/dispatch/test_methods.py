"""Flask's request methods, called by name."""

from __future__ import annotations

import pytest

from asyncflask import Flask


@pytest.mark.parametrize("name", ["do_teardown_request", "do_teardown_appcontext"])
def test_teardown_gets_the_error_being_handled(name):
    """Called without an error, a teardown method passes on the one that is being handled."""
    app = Flask(__name__)
    errors = []
    app.teardown_request(errors.append)
    app.teardown_appcontext(errors.append)
    error = ValueError("from here")

    with app.test_request_context():
        try:
            raise error
        except ValueError:
            getattr(app, name)()

    assert errors[0] is error


@pytest.mark.parametrize("name", ["do_teardown_request", "do_teardown_appcontext"])
def test_teardown_gets_none_outside_of_handlers(name):
    """Where nothing is being handled, there is no error."""
    app = Flask(__name__)
    errors = []
    app.teardown_request(errors.append)
    app.teardown_appcontext(errors.append)

    with app.test_request_context():
        getattr(app, name)()

    assert errors[0] is None
