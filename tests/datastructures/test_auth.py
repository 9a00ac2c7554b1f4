"""Credentials and challenges."""

from __future__ import annotations

import copy
import pickle
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncflask.datastructures import Authorization, WWWAuthenticate


def basic(text):
    data = text if isinstance(text, bytes) else text.encode()
    return f"Basic {b64encode(data).decode('ascii')}"


@pytest.mark.parametrize(
    ("text", "username", "password"),
    [("u:p", "u", "p"), ("u:p:q", "u", "p:q"), ("u", "u", ""), ("ü:€", "ü", "€")],
)
def test_basic_credentials_are_decoded(text, username, password):
    """The first colon parts them; they are UTF-8."""
    authorization = Authorization.from_header(basic(text))

    assert (authorization.username, authorization.password) == (username, password)
    assert authorization.type == "basic"


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic dTp", "Basic ü", basic(b"\xff:x"), "", None]
)
def test_broken_credentials_are_none(header):
    """Neither broken base64 nor broken UTF-8 is an error."""
    assert Authorization.from_header(header) is None


@given(st.text().filter(lambda name: ":" not in name), st.text())
def test_basic_credentials_round_trip(username, password):
    """Any text comes back."""
    header = Authorization("basic", {"username": username, "password": password}).to_header()

    assert Authorization.from_header(header).parameters == {
        "username": username,
        "password": password,
    }


def test_a_token_is_taken_whole():
    """Its padding does not make it a parameter."""
    authorization = Authorization.from_header("bearer abc.def==")

    assert (authorization.type, authorization.token) == ("bearer", "abc.def==")
    assert str(authorization) == "Bearer abc.def=="


def test_parameters_are_attributes_and_items():
    """What is missing is None."""
    authorization = Authorization.from_header('Digest username="a b", nc=1')

    assert authorization.username == authorization["username"] == "a b"
    assert authorization.realm is authorization["realm"] is authorization.token is None
    assert (authorization.get("nc"), authorization.get("qop", "auth")) == ("1", "auth")
    assert "nc" in authorization
    assert str(authorization) == 'Digest username="a b", nc=1'


def test_credentials_are_compared_by_content():
    """They are equal, not hashable, and can be copied and pickled."""
    authorization = Authorization("basic", {"username": "u", "password": "p"})

    assert authorization == Authorization.from_header(basic("u:p"))
    assert authorization != Authorization("basic", token="u")
    assert copy.copy(authorization) == pickle.loads(pickle.dumps(authorization)) == authorization
    with pytest.raises(TypeError, match="unhashable"):
        hash(authorization)


@pytest.mark.parametrize(
    ("challenge", "header"),
    [
        (WWWAuthenticate("basic", {"realm": "log in"}), 'Basic realm="log in"'),
        (WWWAuthenticate("bearer", token="abc"), "Bearer abc"),
        (WWWAuthenticate("negotiate"), "Negotiate"),
        (
            WWWAuthenticate("digest", {"realm": "r", "nonce": "n", "algorithm": "MD5"}),
            'Digest realm="r", nonce="n", algorithm=MD5',
        ),
    ],
)
def test_challenges_round_trip(challenge, header):
    """A digest's parameters are quoted where clients insist on it."""
    assert challenge.to_header() == str(challenge) == header
    assert WWWAuthenticate.from_header(header) in (
        challenge,
        WWWAuthenticate(challenge.type, token=""),
    )


def test_no_challenge_is_none():
    """There is nothing to parse."""
    assert WWWAuthenticate.from_header(None) is None


def test_every_change_of_a_challenge_is_reported():
    """This is how a response's header follows."""
    seen = []
    challenge = WWWAuthenticate("basic")
    challenge._on_update = lambda changed: seen.append(str(changed))

    challenge.realm = "a"
    challenge["realm"] = "b"
    challenge["charset"] = "UTF-8"
    del challenge.charset
    challenge.realm = None
    challenge.type = "Bearer"
    challenge.token = "t"
    challenge.token = None
    challenge.parameters = {"scope": "x"}
    challenge.parameters["error"] = "y"

    assert seen == [
        "Basic realm=a",
        "Basic realm=b",
        "Basic realm=b, charset=UTF-8",
        "Basic realm=b",
        "Basic",
        "Bearer",
        "Bearer t",
        "Bearer",
        "Bearer scope=x",
        "Bearer scope=x, error=y",
    ]


def test_a_challenges_parameters_are_attributes_and_items():
    """What is missing is None."""
    challenge = WWWAuthenticate("basic", {"realm": "a"})

    assert challenge.realm == challenge["realm"] == challenge.get("realm") == "a"
    assert challenge.nonce is challenge["nonce"] is None
    assert "realm" in challenge
    assert repr(challenge) == "<WWWAuthenticate Basic realm=a>"


def test_challenges_are_copied():
    """They are compared by content."""
    challenge = WWWAuthenticate("basic", {"realm": "a"})

    assert copy.deepcopy(challenge) == pickle.loads(pickle.dumps(challenge)) == challenge
    with pytest.raises(TypeError, match="unhashable"):
        hash(challenge)
