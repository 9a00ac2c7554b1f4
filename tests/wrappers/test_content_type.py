"""The Content-Type header of a MIME type."""

import pytest
from werkzeug import utils as werkzeug_utils

from asyncflask.wrappers.content_type import get_content_type


@pytest.mark.parametrize(
    "mimetype",
    [
        *("text/html", "application/json", "application/xml", "image/svg+xml", "image/png"),
        *("application/javascript", "application/sql", "application/xml-dtd", "TEXT/plain"),
    ],
)
def test_content_type_as_werkzeug(mimetype):
    """The charset is added to the types to which Werkzeug adds it."""
    expected = werkzeug_utils.get_content_type(mimetype, "utf-8")

    assert get_content_type(mimetype, "utf-8") == expected
