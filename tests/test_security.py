"""Password hashes and safe paths, held against Werkzeug's."""

import hashlib
import hmac
import ntpath
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import security as werkzeug_security

from asyncflask import security
from asyncflask.security import (
    SALT_CHARS,
    check_password_hash,
    gen_salt,
    generate_password_hash,
    safe_join,
)

CHEAP_METHODS = ["scrypt:1024:8:1", "scrypt:256:4:2", "pbkdf2:sha256:2", "pbkdf2:sha1:3"]


class TestGeneratePasswordHash:
    @pytest.mark.parametrize("method", CHEAP_METHODS)
    def test_werkzeug_accepts_it(self, method):
        """Werkzeug checks our hashes."""
        pwhash = generate_password_hash("pässword", method)

        assert werkzeug_security.check_password_hash(pwhash, "pässword")
        assert not werkzeug_security.check_password_hash(pwhash, "other")

    @pytest.mark.parametrize(
        ("method", "stored"),
        [
            ("scrypt", "scrypt:32768:8:1"),
            ("pbkdf2:sha1:5", "pbkdf2:sha1:5"),
            ("scrypt:16:8:1", "scrypt:16:8:1"),
        ],
    )
    def test_stores_every_parameter(self, method, stored):
        """The hash says which parameters it was made with, defaults included."""
        pwhash = generate_password_hash("password", method)

        assert pwhash.split("$")[0] == stored

    @pytest.mark.parametrize("method", ["pbkdf2", "pbkdf2:sha1"])
    def test_pbkdf2_iterates_a_million_times(self, method, monkeypatch):
        """Without a number of iterations, pbkdf2 is done 1,000,000 times."""
        counts = []
        monkeypatch.setattr(hashlib, "pbkdf2_hmac", lambda *args: counts.append(args[3]) or b"")

        generate_password_hash("password", method)

        assert counts == [1_000_000]

    def test_salt(self):
        """Each hash has a salt of its own, as long as asked for."""
        salts = {generate_password_hash("x", "pbkdf2:sha256:1", 4).split("$")[1] for _ in range(9)}

        assert len(salts) > 1
        assert {len(salt) for salt in salts} == {4}

    def test_salt_characters(self):
        """A salt is of letters and digits."""
        assert set(gen_salt(100)) <= set(SALT_CHARS)

    @pytest.mark.parametrize("salt_length", [0, -1])
    def test_refuses_no_salt(self, salt_length):
        """A salt must have a character."""
        with pytest.raises(ValueError, match="salt"):
            generate_password_hash("password", salt_length=salt_length)

    @pytest.mark.parametrize(
        "method",
        [
            "",
            "plain",
            "SCRYPT",
            "scrypt:x",
            "scrypt:1:1",
            "scrypt:2:8:1:3",
            "scrypt:3:8:1",
            "pbkdf2:nope:10",
            "pbkdf2:sha256:x",
            "pbkdf2:sha256:0",
            "pbkdf2:sha256:1:1",
        ],
    )
    def test_refuses_unknown_methods(self, method):
        """An unknown method or a wrong parameter is a ValueError, as in Werkzeug."""
        with pytest.raises(ValueError):
            werkzeug_security.generate_password_hash("password", method)

        with pytest.raises(ValueError):
            generate_password_hash("password", method)


class TestCheckPasswordHash:
    @pytest.mark.parametrize("method", ["scrypt", *CHEAP_METHODS])
    def test_accepts_werkzeugs(self, method):
        """We check Werkzeug's hashes."""
        pwhash = werkzeug_security.generate_password_hash("pässword", method)

        assert check_password_hash(pwhash, "pässword")
        assert not check_password_hash(pwhash, "other")

    def test_known_hash(self):
        """A stored hash stays valid from version to version."""
        stored = (
            "pbkdf2:sha256:2$RTl20b6xWeoQQbdF"
            "$ac00eeef5458df6599225f5af785c7bd39758ce24a2c3f8deef71e265360662d"
        )

        assert check_password_hash(stored, "pw")

    @pytest.mark.parametrize(
        "pwhash",
        [
            "",
            "a",
            "a$b",
            "scrypt:1$s",
            "scrypt:16:8:1$s$zz",
            "pbkdf2:sha256:2$s$zz$q",
            "pbkdf2:sha256:2$é$é",
            "pbkdf2:sha256:2$s$",
        ],
    )
    def test_no_hash_fits_no_password(self, pwhash):
        """What is cut short or changed is checked, and fits no password."""
        assert check_password_hash(pwhash, "password") is False

    @pytest.mark.parametrize(
        "pwhash", ["a$b$c", "$$", "plain$s$pw", "scrypt:1$s$h", "pbkdf2:sha256:x$s$h"]
    )
    def test_unknown_method(self, pwhash):
        """A hash by a method that is unknown is a ValueError, as in Werkzeug."""
        with pytest.raises(ValueError):
            werkzeug_security.check_password_hash(pwhash, "password")

        with pytest.raises(ValueError):
            check_password_hash(pwhash, "password")

    def test_compares_in_constant_time(self, monkeypatch):
        """The hashes are compared by hmac.compare_digest."""
        compared = []
        monkeypatch.setattr(
            hmac, "compare_digest", lambda *digests: compared.append(digests) or True
        )

        assert check_password_hash("pbkdf2:sha256:1$salt$00", "password")
        assert compared[0][1] == b"00"


class TestSafeJoin:
    @pytest.mark.parametrize(
        ("arguments", "joined"),
        [
            (("folder", "file"), "folder/file"),
            (("/folder", "a", "b"), "/folder/a/b"),
            (("folder", "a/../b"), "folder/b"),
            (("folder", "./a//b/"), "folder/a/b"),
            (("folder", "..hidden"), "folder/..hidden"),
            (("folder", "..."), "folder/..."),
            (("folder", ""), "folder/"),
            (("folder", "back\\slash"), "folder/back\\slash"),
            (("folder", "c:file"), "folder/c:file"),
            (("", "file"), "./file"),
            (("../above", "file"), "../above/file"),
            (("folder",), "folder"),
        ],
    )
    def test_joins(self, arguments, joined):
        """Names that stay inside are joined to the directory."""
        assert safe_join(*arguments) == joined

    @pytest.mark.parametrize(
        "pathnames",
        [
            ("..",),
            ("../file",),
            ("a/../../file",),
            ("a", "..", "b"),
            ("/etc/passwd",),
            ("//etc/passwd",),
            ("a", "/etc/passwd"),
            ("file\0.txt",),
        ],
    )
    @pytest.mark.parametrize("directory", ["folder", "/folder", ""])
    def test_refuses_to_leave(self, directory, pathnames):
        """Names that lead out, or that no file can have, give None."""
        assert safe_join(directory, *pathnames) is None

    @pytest.mark.parametrize(
        "pathname",
        [
            "..\\file",
            "a\\b",
            "\\file",
            "c:file",
            "c:/file",
            "file:stream",
            "CON",
            "nul.txt",
            "a/aux.tar.gz",
            "COM1",
            "lpt9.x",
            "COM¹",
            "conin$",
            "prn .txt",
        ],
    )
    def test_refuses_what_windows_reads_otherwise(self, pathname, monkeypatch):
        """On Windows backslashes, drive letters and device names give None as well."""
        monkeypatch.setattr(security, "_ON_WINDOWS", True)

        assert safe_join("folder", pathname) is None

    @pytest.mark.parametrize("pathname", ["file.txt", "console.txt", "a/com10", "null"])
    def test_ordinary_names_on_windows(self, pathname, monkeypatch):
        """On Windows ordinary names are joined as elsewhere."""
        monkeypatch.setattr(security, "_ON_WINDOWS", True)

        assert safe_join("folder", pathname) == f"folder/{pathname}"

    @given(st.lists(st.text(alphabet="./\\:ab"), max_size=4))
    def test_as_werkzeug(self, pathnames):
        """Any names give what they give in Werkzeug."""
        assert safe_join("folder", *pathnames) == werkzeug_security.safe_join("folder", *pathnames)

    @given(st.lists(st.text(alphabet="./\\:ab\0"), max_size=4))
    def test_stays_inside(self, pathnames):
        """No combination of names leaves the directory, on any system's reading."""
        joined = safe_join("/folder", *pathnames)

        assert joined is None or posixpath.normpath(joined + "/").startswith("/folder")

    @given(st.lists(st.text(alphabet="./\\:ab"), max_size=4))
    def test_stays_inside_on_windows(self, pathnames):
        """No combination of names leaves the directory as Windows reads it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(security, "_ON_WINDOWS", True)
            joined = safe_join("c:/folder", *pathnames)

        assert joined is None or ntpath.normpath(joined).startswith("c:\\folder")
