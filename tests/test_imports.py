"""Imports by name."""

import sys

import pytest

from asyncflask.imports import ImportStringError, find_modules, import_string


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
