"""Signed texts are those of itsdangerous, whichever way is taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import (
    BadPayload,
    BadSignature,
    BadTimeSignature,
    SignatureExpired,
    TimestampSigner,
    URLSafeTimedSerializer,
)

from asyncflask.sessions import sha1
from asyncflask.signing import KeepingSerializer, decode, encode, keyed_signature

OLD, NEW = b"an old key", b"a new key"


def theirs(keys=(OLD, NEW), derivation="hmac", digest=hashlib.sha1):
    options = {"key_derivation": derivation, "digest_method": digest}
    return URLSafeTimedSerializer(list(keys), salt="salt", serializer=json, signer_kwargs=options)


def ours(keys=(OLD, NEW), derivation="hmac", digest=sha1):
    return KeepingSerializer(keys, "salt", json, derivation, digest)


def wait(monkeypatch, seconds):
    """Let so much time pass."""
    now = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: now(self) + seconds)


@pytest.mark.parametrize("value", [{}, {"visits": 1}, "ä" * 100, list(range(2000))])
@pytest.mark.parametrize("derivation", ["hmac", "concat", "django-concat", "none"])
@pytest.mark.parametrize(
    ("digest", "their_digest"),
    [
        (sha1, hashlib.sha1),
        (hashlib.sha512, hashlib.sha512),
        (lambda data=b"": hashlib.sha256(data), hashlib.sha256),
    ],
)
def test_each_reads_what_the_other_has_signed(value, derivation, digest, their_digest):
    """By any hash and derivation, compressed or not."""
    mine = ours(derivation=derivation, digest=digest)
    other = theirs(derivation=derivation, digest=their_digest)

    assert other.loads(mine.dumps(value), max_age=10) == value
    assert mine.loads(other.dumps(value), max_age=10) == value


def test_a_short_text_is_not_compressed_and_a_long_one_is():
    """Compressed ones begin with a dot."""
    assert not ours().dumps({"visits": 1}).startswith(".")
    assert ours().dumps("a" * 1000).startswith(".")


def test_what_an_older_key_has_signed_is_read():
    """Keys can be changed without losing sessions."""
    signed = ours(keys=(OLD,)).dumps("value")

    assert ours().loads(signed, max_age=10) == "value"


def test_another_salt_is_another_signature():
    """As for any serializer of itsdangerous."""
    signed = ours().dumps("value", salt="other")

    assert ours().loads(signed, salt="other") == "value"
    with pytest.raises(BadSignature):
        ours().loads(signed)


def test_the_time_of_signing_is_told():
    """On request."""
    value, signed_at = ours().loads(ours().dumps("value"), return_timestamp=True)

    assert value == "value"
    assert signed_at.tzinfo is not None


@pytest.mark.parametrize("seconds", [11, -1])
def test_what_is_too_old_or_from_the_future_has_expired(monkeypatch, seconds):
    """Just as itsdangerous says."""
    signed = ours().dumps("value")
    wait(monkeypatch, seconds)

    with pytest.raises(SignatureExpired):
        ours().loads(signed, max_age=10)


def test_without_an_age_nothing_expires(monkeypatch):
    """Whatever the clock says."""
    signed = ours().dumps("value")
    wait(monkeypatch, 10**6)

    assert ours().loads(signed) == "value"


@pytest.mark.parametrize("signed", ["", ".", "a", "a.b", "a.b.c", "ä.ö.ü", "..", b"\xff.\xff.\xff"])
def test_what_nobody_has_signed_is_refused(signed):
    """With the error of itsdangerous."""
    with pytest.raises(BadSignature):
        ours().loads(signed, max_age=10)


@given(place=st.integers(0, 60), character=st.sampled_from("aZ09-_.="))
def test_a_changed_text_is_refused(place, character):
    """Wherever it is changed, save for bits of the last character that mean nothing."""
    signed = ours().dumps({"user": 1})
    place %= len(signed) - 1
    changed = signed[:place] + character + signed[place + 1 :]
    if changed == signed:
        return

    with pytest.raises(BadSignature):
        ours().loads(changed, max_age=10)


def test_a_signature_without_a_time_is_refused():
    """It is one of another use of the key."""
    signer = ours().make_signer()
    signed = b"value." + signer.get_signature(b"value")

    with pytest.raises(BadTimeSignature):
        ours().loads(signed, max_age=10)


def test_signed_nonsense_is_a_bad_payload():
    """The key is right, the content is not."""
    signed = ours().make_signer().sign(b"!!!")

    with pytest.raises(BadPayload):
        ours().loads(signed, max_age=10)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
secrets = st.binary(min_size=1, max_size=150)


@given(value=json_values, key=secrets, derivation=st.sampled_from(["hmac", "concat", "none"]))
def test_any_value_under_any_key_is_read_by_the_other(value, key, derivation):
    """Keys longer than a block of the hash are hashed first."""
    mine, other = ours([key], derivation), theirs([key], derivation)

    assert other.loads(mine.dumps(value), max_age=10) == value
    assert mine.loads(other.dumps(value), max_age=10) == value


@given(key=secrets, value=st.binary(), digest=st.sampled_from([hashlib.sha1, hashlib.sha512]))
def test_signatures_are_hmacs(key, value, digest):
    """As the standard library computes them, again and again."""
    sign = keyed_signature(key, digest)

    assert decode(sign(value)) == hmac.digest(key, value, digest)
    assert sign(value) == sign(value)


@given(value=json_values, text=st.binary(max_size=40), place=st.integers(0))
def test_whatever_itsdangerous_refuses_is_refused(value, text, place):
    """Signed texts with anything put in between, or cut off, are never read otherwise."""
    signed = theirs().dumps(value).encode()
    place %= len(signed) + 1
    mangled = signed[:place] + text + signed[place + len(text) // 2 :]

    assert outcome(ours(), mangled) == outcome(theirs(), mangled)


def outcome(serializer, signed):
    """The value, or the kind of error."""
    try:
        return serializer.loads(signed, max_age=10)
    except BadSignature as exc:
        return type(exc)


@pytest.mark.parametrize("seconds", [0, 1_700_000_000, 2**31, 2**40])
def test_any_moment_is_written(monkeypatch, seconds):
    """The clock may stand at its beginning, and has no end; itsdangerous writes the same."""
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: seconds)

    assert ours().dumps({"a": 1}) == theirs().dumps({"a": 1})
    assert ours().loads(ours().dumps({"a": 1}), max_age=0) == {"a": 1}


@given(st.binary())
def test_base64_is_undone(data):
    """With the alphabet for URLs, without padding."""
    text = encode(data)

    assert decode(text) == data
    assert not {*text} & {*b"+/="}


def test_a_serializer_may_make_bytes():
    """As pickle does; then the signed text is bytes too, as of itsdangerous."""
    mine = KeepingSerializer((NEW,), "salt", pickle, "hmac", sha1)

    signed = mine.dumps({"visits", 1})

    assert isinstance(signed, bytes)
    assert mine.loads(signed, max_age=10) == {"visits", 1}
