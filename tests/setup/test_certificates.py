"""From Flask's ssl_context to uvicorn's options."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest
from cryptography import x509

from asyncflask.setup.certificates import make_adhoc_files, tls_options


def test_no_context_means_no_tls():
    """None asks for nothing."""
    assert tls_options(None) == {}


def test_a_pair_of_files():
    """A certificate and a key are handed on as paths."""
    assert tls_options(("c.pem", "k.pem")) == {"ssl_certfile": "c.pem", "ssl_keyfile": "k.pem"}


def test_a_context_is_used_as_it_is():
    """An SSLContext comes out of uvicorn's factory option unchanged."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)

    options = tls_options(context)

    assert options["ssl_context_factory"](None, None) is context


def test_adhoc_files_are_a_working_pair():
    """The throw-away certificate fits its key and names localhost."""
    certificate, key = make_adhoc_files()

    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    parsed = x509.load_pem_x509_certificate(Path(certificate).read_bytes())
    assert parsed.subject.rfc4514_string() == "CN=localhost"


def test_adhoc_is_a_word_for_such_a_pair():
    """ssl_context="adhoc" gives paths of fresh files."""
    options = tls_options("adhoc")

    assert set(options) == {"ssl_certfile", "ssl_keyfile"}


def test_adhoc_without_cryptography_is_explained(monkeypatch):
    """The error names the package to install."""
    monkeypatch.setitem(sys.modules, "cryptography", None)

    with pytest.raises(RuntimeError, match="pip install cryptography"):
        tls_options("adhoc")


@pytest.mark.parametrize("value", ["cert.pem", 3, ("a", "b", "c")])
def test_anything_else_is_refused(value):
    """The TypeError lists what may be given."""
    with pytest.raises(TypeError, match=r"'adhoc', a pair of paths .* or an ssl\.SSLContext"):
        tls_options(value)
