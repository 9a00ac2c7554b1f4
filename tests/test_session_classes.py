"""Sessions by themselves: what changes them, and what one says that cannot be kept."""

from __future__ import annotations

import pytest

from asyncflask.sessions import NullSession, SecureCookieSession


class TestSecureCookieSession:
    def test_it_starts_untouched(self):
        """A session with content is neither modified nor accessed."""
        session = SecureCookieSession({"a": 1})

        assert session == {"a": 1}
        assert (session.modified, session.accessed, session.new) == (False, False, False)
        assert session.permanent is False

    @pytest.mark.parametrize(
        "change",
        [
            lambda session: session.__setitem__("a", 1),
            lambda session: session.__delitem__("a"),
            lambda session: session.update(b=2),
            lambda session: session.__ior__({"b": 2}),
            lambda session: session.setdefault("b", 2),
            lambda session: session.pop("a"),
            lambda session: session.popitem(),
            lambda session: session.clear(),
            lambda session: setattr(session, "permanent", True),
        ],
    )
    def test_every_change_marks_it(self, change):
        """However the mapping is changed, it knows."""
        session = SecureCookieSession({"a": 1})

        change(session)

        assert session.modified is True

    @pytest.mark.parametrize(
        "read",
        [
            lambda session: session["a"],
            lambda session: session.get("a"),
            lambda session: "a" in session,
            lambda session: len(session),
            lambda session: list(session.items()),
            lambda session: session.setdefault("a", 2),
            lambda session: session.pop("missing", None),
            lambda session: session.permanent,
            lambda session: session["list"].append(1),
        ],
    )
    def test_no_reading_marks_it(self, read):
        """Reading changes nothing; nor does a change inside a value show."""
        session = SecureCookieSession({"a": 1, "list": []})

        read(session)

        assert session.modified is False

    def test_permanent_is_kept_in_the_session(self):
        """The flag travels with the content, as a bool."""
        session = SecureCookieSession()

        session.permanent = 1

        assert session == {"_permanent": True}
        assert session.permanent is True

    def test_somebody_else_may_hear_of_changes(self):
        """`on_update` may be replaced, or taken away."""
        session, heard = SecureCookieSession(), []
        session.on_update = heard.append

        session["a"] = 1
        session.on_update = None
        session["b"] = 2

        assert heard == [session]
        assert session.modified is False

    def test_it_takes_attributes(self):
        """Extensions put what they need on the session."""
        session = SecureCookieSession()

        session.identifier = "x"

        assert session.identifier == "x"


class TestNullSession:
    @pytest.mark.parametrize(
        "write",
        [
            lambda session: session.__setitem__("a", 1),
            lambda session: session.__delitem__("a"),
            lambda session: session.update(a=1),
            lambda session: session.__ior__({"a": 1}),
            lambda session: session.setdefault("a"),
            lambda session: session.pop("a", None),
            lambda session: session.popitem(),
            lambda session: session.clear(),
            lambda session: setattr(session, "permanent", True),
        ],
    )
    def test_every_write_says_that_a_key_is_missing(self, write):
        """The error says why, and how to make a key."""
        session = NullSession()

        with pytest.raises(RuntimeError, match=r"session is unavailable.*no secret key.*secrets"):
            write(session)

    def test_reading_works(self):
        """Code that only looks at the session runs without a key."""
        session = NullSession()

        assert session.get("a") is None
        assert "a" not in session
        assert session.permanent is False
