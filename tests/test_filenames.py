"""File names from users, held against Werkzeug's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import utils as werkzeug_utils

from asyncflask import filenames
from asyncflask.filenames import secure_filename


class TestSecureFilename:
    @pytest.mark.parametrize(
        ("filename", "secured"),
        [
            ("My cool movie.mov", "My_cool_movie.mov"),
            ("../../../etc/passwd", "etc_passwd"),
            ("Grüße aus Köln.txt", "Grue_aus_Koln.txt"),
            (".bashrc", "bashrc"),
            ("__init__.py", "init__.py"),
            ("nul\0byte", "nulbyte"),
            ("CON", "CON"),
            ("日本", ""),
            ("", ""),
        ],
    )
    def test_examples(self, filename, secured):
        """Only safe ASCII characters stay; separators become underscores."""
        assert secure_filename(filename) == secured

    @given(st.text() | st.text(alphabet="./\\ _-aé\t\0:"))
    def test_as_werkzeug(self, filename):
        """Any name gives what it gives in Werkzeug."""
        assert secure_filename(filename) == werkzeug_utils.secure_filename(filename)

    @pytest.mark.parametrize("filename", ["CON", "nul.txt", "com1.tar.gz", "LPT9", "COM¹"])
    def test_devices_on_windows(self, filename, monkeypatch):
        """On Windows the name of a device gets an underscore before it."""
        monkeypatch.setattr(filenames, "_ON_WINDOWS", True)

        assert secure_filename(filename).startswith("_")

    def test_backslashes_on_windows(self, monkeypatch):
        """On Windows a backslash is a separator."""
        monkeypatch.setattr(filenames, "_SEPARATORS", "\\/")

        assert secure_filename("..\\folder/file.txt") == "folder_file.txt"
