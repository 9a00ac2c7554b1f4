"""File names, imports by name and properties, held against Werkzeug's where that is useful."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import utils as werkzeug_utils

from asyncflask import utils
from asyncflask.datastructures.headers import Headers
from asyncflask.utils import (
    ImportStringError,
    cached_property,
    find_modules,
    get_content_type,
    header_property,
    import_string,
    secure_filename,
)


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
        monkeypatch.setattr(utils, "_ON_WINDOWS", True)

        assert secure_filename(filename).startswith("_")

    def test_backslashes_on_windows(self, monkeypatch):
        """On Windows a backslash is a separator."""
        monkeypatch.setattr(utils, "_SEPARATORS", "\\/")

        assert secure_filename("..\\folder/file.txt") == "folder_file.txt"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of some modules, one of which fails to import, and a package in it."""
    name = "package_for_import_tests"
    (tmp_path / name / "inner").mkdir(parents=True)
    for path, text in {
        "__init__.py": "",
        "plain.py": "class Thing:\n    part = 'of a class'\n",
        "broken.py": "import a_module_that_is_missing\n",
        "inner/__init__.py": "",
        "inner/deep.py": "",
    }.items():
        (tmp_path / name / path).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


class TestImportString:
    @pytest.mark.parametrize("separator", [".", ":"])
    def test_object(self, package, separator):
        """An object in a module is found behind a dot or a colon."""
        thing = import_string(f"{package}.plain{separator}Thing")

        assert thing.__name__ == "Thing"

    def test_module(self, package):
        """A module is imported by its name."""
        assert import_string(f"{package}.inner.deep").__name__ == f"{package}.inner.deep"

    def test_missing_attribute(self, package):
        """The error names the whole, the cause, and how far the import came."""
        name = f"{package}.plain.Nothing"

        with pytest.raises(ImportStringError) as caught:
            import_string(name)

        assert caught.value.import_name == name
        assert isinstance(caught.value.exception, ImportError)
        assert f"as far as '{package}.plain' (from " in str(caught.value)
        assert "plain.py" in str(caught.value)

    def test_missing_module(self):
        """A module that is nowhere is an ImportError too."""
        with pytest.raises(ImportError, match="No module named 'nowhere'"):
            import_string("nowhere.at_all")

    @pytest.mark.parametrize("name", ["broken", "broken:thing"])
    def test_broken_module(self, package, name):
        """The error of a module that fails to import is told, not that the module is missing."""
        with pytest.raises(ImportStringError, match="'a_module_that_is_missing'"):
            import_string(f"{package}.{name}")

    def test_repr_of_the_error(self):
        """The error shows the name and its cause."""
        error = ImportStringError("nowhere", ImportError("no"))

        assert repr(error) == "<ImportStringError('nowhere', ImportError('no'))>"

    @pytest.mark.parametrize("name", ["nowhere", "nowhere.at_all", "os:nothing"])
    def test_silent(self, name):
        """Silent, a failed import gives None."""
        assert import_string(name, silent=True) is None


class TestFindModules:
    def test_modules_only(self, package):
        """By default the modules of the package itself are named."""
        assert list(find_modules(package)) == [f"{package}.broken", f"{package}.plain"]

    def test_include_packages(self, package):
        """Packages are named on demand."""
        assert f"{package}.inner" in find_modules(package, include_packages=True)

    def test_recursive(self, package):
        """Modules of inner packages are named on demand."""
        modules = list(find_modules(package, recursive=True))

        assert f"{package}.inner.deep" in modules
        assert f"{package}.inner" not in modules

    def test_module_is_refused(self, package):
        """A module that is not a package is a ValueError."""
        with pytest.raises(ValueError, match="is a module"):
            list(find_modules(f"{package}.plain"))


class Counted:
    def __init__(self):
        self.calls = 0

    @cached_property
    def value(self):
        """Counts its calls."""
        self.calls += 1
        return self.calls


class Slotted:
    __slots__ = ("_cache_value", "calls")

    def __init__(self):
        self.calls = 0

    @cached_property
    def value(self):
        """Counts its calls."""
        self.calls += 1
        return self.calls


@pytest.mark.parametrize("counted_class", [Counted, Slotted])
class TestCachedProperty:
    def test_computed_once(self, counted_class):
        """The function runs at the first access only."""
        counted = counted_class()

        assert (counted.value, counted.value) == (1, 1)

    def test_set(self, counted_class):
        """A value that is set is kept in place of the computed one."""
        counted = counted_class()

        counted.value = "mine"

        assert counted.value == "mine"
        assert counted.calls == 0

    def test_delete(self, counted_class):
        """After deletion the function runs again."""
        counted = counted_class()
        assert counted.value == 1

        del counted.value

        assert counted.value == 2

    def test_delete_nothing(self, counted_class):
        """Deleting what is not kept is an error."""
        with pytest.raises((KeyError, AttributeError)):
            del counted_class().value

    def test_on_the_class(self, counted_class):
        """The class shows the property, its name and its docstring."""
        assert counted_class.value.__name__ == "value"
        assert counted_class.value.__doc__ == "Counts its calls."


class Answer:
    age = header_property("Age", default=0, load_func=int, dump_func=str, doc="In seconds.")
    server = header_property("Server", read_only=True)
    location = header_property("Location")

    def __init__(self, **headers):
        self.headers = Headers(headers)


class TestHeaderProperty:
    def test_loads(self):
        """The header's text is turned into a value."""
        assert Answer(Age="5").age == 5

    @pytest.mark.parametrize("headers", [{}, {"Age": "old"}])
    def test_default(self, headers):
        """The default stands in for a header that is missing or malformed."""
        assert Answer(**headers).age == 0

    def test_text(self):
        """Without functions the property is the header's text."""
        answer = Answer()

        answer.location = "/next"

        assert answer.location == answer.headers["Location"] == "/next"

    def test_dumps(self):
        """A value that is set is turned into the header's text."""
        answer = Answer()

        answer.age = 7

        assert answer.headers["Age"] == "7"

    def test_delete(self):
        """Deleting the property removes the header, and may be repeated."""
        answer = Answer(Age="5")

        del answer.age
        del answer.age

        assert "Age" not in answer.headers

    def test_none(self):
        """Setting None removes the header."""
        answer = Answer(Age="5")

        answer.age = None

        assert "Age" not in answer.headers

    def test_read_only(self):
        """A read-only property can neither be set nor deleted."""
        answer = Answer(Server="x")

        with pytest.raises(AttributeError, match="'Server' is read only"):
            answer.server = "y"
        with pytest.raises(AttributeError, match="'Server' is read only"):
            del answer.server

    def test_on_the_class(self):
        """The class shows the property and its docstring."""
        assert repr(Answer.age) == "<header_property Age>"
        assert Answer.age.__doc__ == "In seconds."


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
