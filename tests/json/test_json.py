"""The module's functions: the current app's provider, or plain JSON without an app."""

from __future__ import annotations

import datetime
import io

import pytest

from asyncflask import Flask, json
from asyncflask.json.provider import DefaultJSONProvider

DAY = datetime.date(2024, 2, 29)


class Marked(DefaultJSONProvider):
    """Recognisable in whatever it writes and reads."""

    def dumps(self, obj, **kwargs):
        return "#" + super().dumps(obj, **kwargs)

    def loads(self, s, **kwargs):
        return super().loads(s.lstrip("#"), **kwargs)


@pytest.fixture
def app():
    app = Flask("shop")
    app.json = Marked(app)
    return app


class TestWithoutAnApp:
    def test_dumps_knows_the_same_types(self):
        """Dates and their like are written; keys keep their order."""
        assert json.dumps({"b": DAY, "a": 1}) == '{"b": "Thu, 29 Feb 2024 00:00:00 GMT", "a": 1}'

    def test_dumps_takes_the_standard_keywords(self):
        """A default of one's own wins."""
        assert json.dumps(DAY, default=lambda value: "day", indent=1) == '"day"'

    def test_dump_and_load_use_files(self):
        """What is written is read."""
        file = io.StringIO()

        json.dump([DAY, 1], file)
        file.seek(0)

        assert json.load(file) == ["Thu, 29 Feb 2024 00:00:00 GMT", 1]

    @pytest.mark.parametrize("text", ["{", b"{", ""])
    def test_what_is_no_json_is_a_value_error(self, text):
        """Broken text and broken bytes are one class of error."""
        with pytest.raises(ValueError):
            json.loads(text)

    def test_jsonify_needs_an_app(self):
        """A response's class is the app's; the error says what to push."""
        with pytest.raises(RuntimeError, match="application context"):
            json.jsonify(1)


class TestWithAnApp:
    def test_every_function_uses_the_provider(self, app):
        """All five go through `app.json`."""
        file = io.StringIO()

        with app.app_context():
            text = json.dumps({"b": 1, "a": 2})
            json.dump([1], file)
            read = json.loads("#[1]")
            read_from_file = json.load(io.StringIO("#[2]"))
            response = json.jsonify(1)

        assert text == '#{"a": 2, "b": 1}'
        assert file.getvalue() == "#[1]"
        assert read == [1]
        assert read_from_file == [2]
        assert response.get_data() == b"#1\n"
