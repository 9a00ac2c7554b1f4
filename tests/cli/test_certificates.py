"""How the run command reads certificates, keys and lists of paths."""

from __future__ import annotations

import os
import ssl
import sys

import click
import pytest

from asyncflask.cli import CertParamType, SeparatedPathType, run_command

CONTEXT = "import ssl\ncontext = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\nother = 3\n"


@pytest.fixture
def parse(project, write, monkeypatch):
    """The certificate that the run command's options give."""
    write("cert.pem", "")
    write("key.pem", "")
    write("tls.py", CONTEXT)
    monkeypatch.syspath_prepend(str(project))

    def parse_options(*args):
        return run_command.make_context("run", list(args)).params["cert"]

    return parse_options


def test_files(parse, project):
    """A certificate file and a key file become a pair of absolute paths."""
    pair = parse("--cert", "cert.pem", "--key", "key.pem")

    assert pair == (str((project / "cert.pem").resolve()), str((project / "key.pem").resolve()))


def test_the_key_may_come_first(parse):
    """The order of the two options does not matter."""
    assert len(parse("--key", "key.pem", "--cert", "cert.pem")) == 2


def test_adhoc(parse):
    """The word adhoc is kept for the server to act on."""
    assert parse("--cert", "adhoc") == "adhoc"


@pytest.mark.parametrize("path", ["tls:context", "tls.context"])
def test_a_context_by_import_path(parse, path):
    """An SSLContext is imported, in either notation."""
    assert isinstance(parse("--cert", path), ssl.SSLContext)


def test_no_certificate(parse):
    """Without the options there is none."""
    assert parse() is None


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--cert", "cert.pem"], "required when '--cert' is a file"),
        (["--key", "key.pem"], "'--cert' must be given too"),
        (["--cert", "adhoc", "--key", "key.pem"], "not used when '--cert' is 'adhoc'"),
        (["--cert", "tls:context", "--key", "key.pem"], "not used when '--cert' is an SSLContext"),
        (["--cert", "missing.pem"], "File 'missing.pem' does not exist"),
        (["--cert", "tls:other"], "File 'tls:other' does not exist"),
        (["--cert", "tls:missing"], "File 'tls:missing' does not exist"),
        (["--cert", "no_such_module"], "File 'no_such_module' does not exist"),
    ],
)
def test_what_does_not_fit_is_explained(parse, args, message):
    """Each wrong combination has its own message."""
    with pytest.raises(click.BadParameter) as caught:
        parse(*args)

    assert message in caught.value.message


def test_adhoc_needs_cryptography(parse, monkeypatch):
    """Without cryptography adhoc is an error that names the package."""
    monkeypatch.setitem(sys.modules, "cryptography", None)

    with pytest.raises(click.BadParameter, match="pip install cryptography"):
        parse("--cert", "adhoc")


def test_a_list_of_paths():
    """Paths are separated as in PATH."""
    paths = SeparatedPathType().convert(os.pathsep.join(["a", "b"]), None, None)

    assert paths == ["a", "b"]


def test_the_type_works_alone(project, write):
    """CertParamType can be used in other commands."""
    path = write("cert.pem", "")

    assert CertParamType().convert("cert.pem", None, None) == str(path.resolve())
