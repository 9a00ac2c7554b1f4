"""Config: what each loader takes, and what it says when it cannot."""

from __future__ import annotations

import copy
import json
import tomllib
from types import SimpleNamespace

import pytest

from asyncflask.config import Config, ConfigAttribute


class Settings:
    """An object with settings of every kind that `dir` shows."""

    TESTING = True
    lower = "passed over"
    Mixed = "passed over"


@pytest.fixture
def config(tmp_path):
    return Config(tmp_path)


class TestConfig:
    def test_it_is_a_dict_with_the_defaults(self, tmp_path):
        """A config starts with its defaults and compares like a dict."""
        config = Config(tmp_path, {"DEBUG": False})

        assert config == {"DEBUG": False}

    def test_the_defaults_are_copied(self, tmp_path):
        """Changing a config leaves the dict of defaults alone."""
        defaults = {"DEBUG": False}
        config = Config(tmp_path, defaults)

        config["DEBUG"] = True

        assert defaults == {"DEBUG": False}

    def test_item_access_takes_any_key(self, config):
        """Only loaders insist on upper-case names."""
        config["lower"] = 1

        assert config["lower"] == 1

    def test_repr_names_the_class(self, tmp_path):
        """The repr shows that it is no plain dict."""
        assert repr(Config(tmp_path, {"A": 1})) == "<Config {'A': 1}>"


class TestFromObject:
    def test_upper_case_attributes_are_taken(self, config):
        """Attributes count only if their names are upper case throughout."""
        config.from_object(Settings)

        assert config == {"TESTING": True}

    def test_inherited_attributes_are_taken(self, config):
        """Settings may be arranged in a class hierarchy."""

        class Production(Settings):
            TESTING = False
            DOMAIN = "example.org"

        config.from_object(Production)

        assert config == {"TESTING": False, "DOMAIN": "example.org"}

    def test_a_string_is_imported(self, config):
        """A dotted name stands for the module or object it imports."""
        config.from_object("json.decoder")

        assert config["FLAGS"] == json.decoder.FLAGS

    def test_properties_of_an_instance_are_read(self, config):
        """An instance gives its properties' values."""

        class Computed:
            @property
            def DATABASE(self):
                return "sqlite://"

        config.from_object(Computed())

        assert config == {"DATABASE": "sqlite://"}

    def test_a_dict_gives_nothing(self, config):
        """A dict has no upper-case attributes: that is from_mapping's task."""
        config.from_object({"TESTING": True})

        assert config == {}

    def test_an_unknown_module_is_an_import_error(self, config):
        """The name that cannot be imported is in the error."""
        with pytest.raises(ImportError, match="no_such_module_here"):
            config.from_object("no_such_module_here.Settings")


class TestFromPyfile:
    def test_upper_case_names_are_taken(self, config, tmp_path):
        """The file runs as Python; its upper-case names become settings."""
        (tmp_path / "settings.py").write_text("SIZE = 2 * 3\nhidden = 1\n")

        loaded = config.from_pyfile("settings.py")

        assert loaded is True
        assert config == {"SIZE": 6}

    def test_the_file_knows_where_it_is(self, config, tmp_path):
        """`__file__` is the full path inside the file."""
        (tmp_path / "settings.py").write_text("HERE = __file__\n")

        config.from_pyfile("settings.py")

        assert config["HERE"] == str(tmp_path / "settings.py")

    def test_the_files_own_encoding_counts(self, config, tmp_path):
        """A coding comment is obeyed, as Python itself does."""
        (tmp_path / "settings.py").write_bytes("# coding: latin-1\nNAME = 'é'\n".encode("latin-1"))

        config.from_pyfile("settings.py")

        assert config["NAME"] == "é"

    def test_a_missing_file_is_named(self, config, tmp_path):
        """The error keeps its class and number, and names the configuration file."""
        with pytest.raises(FileNotFoundError, match="Unable to load configuration file") as caught:
            config.from_pyfile("none.py")

        assert caught.value.filename == str(tmp_path / "none.py")

    @pytest.mark.parametrize("name", ["none.py", ".", "settings.py/none"])
    def test_silent_passes_over_what_is_no_file(self, config, tmp_path, name):
        """A missing file, a directory, and a path through a file are all False when silent."""
        (tmp_path / "settings.py").write_text("A = 1\n")

        assert config.from_pyfile(name, silent=True) is False

    def test_silent_does_not_hide_broken_python(self, config, tmp_path):
        """A syntax error is raised, with the file's path."""
        (tmp_path / "settings.py").write_text("A = (\n")

        with pytest.raises(SyntaxError) as caught:
            config.from_pyfile("settings.py", silent=True)

        assert caught.value.filename == str(tmp_path / "settings.py")


class TestFromEnvvar:
    def test_the_variable_names_the_file(self, config, tmp_path, monkeypatch):
        """The file whose path is in the variable is run."""
        (tmp_path / "settings.py").write_text("A = 1\n")
        monkeypatch.setenv("SHOP_SETTINGS", str(tmp_path / "settings.py"))

        loaded = config.from_envvar("SHOP_SETTINGS")

        assert loaded is True
        assert config == {"A": 1}

    @pytest.mark.parametrize("value", [None, ""])
    def test_without_the_variable_it_says_what_to_set(self, config, monkeypatch, value):
        """An unset and an empty variable are one error, which names the variable."""
        monkeypatch.delenv("SHOP_SETTINGS", raising=False)
        if value is not None:
            monkeypatch.setenv("SHOP_SETTINGS", value)

        with pytest.raises(RuntimeError, match="'SHOP_SETTINGS' is not set"):
            config.from_envvar("SHOP_SETTINGS")

    def test_silent_without_the_variable_is_false(self, config, monkeypatch):
        """Silent turns the missing variable into False."""
        monkeypatch.delenv("SHOP_SETTINGS", raising=False)

        assert config.from_envvar("SHOP_SETTINGS", silent=True) is False

    def test_silent_covers_the_file_too(self, config, monkeypatch):
        """A variable that names a missing file is False when silent, an error otherwise."""
        monkeypatch.setenv("SHOP_SETTINGS", "none.py")

        assert config.from_envvar("SHOP_SETTINGS", silent=True) is False
        with pytest.raises(FileNotFoundError):
            config.from_envvar("SHOP_SETTINGS")


class TestFromPrefixedEnv:
    def test_values_are_decoded(self, config, monkeypatch):
        """Values are JSON where they can be, and strings otherwise."""
        monkeypatch.setenv("FLASK_SIZE", "3")
        monkeypatch.setenv("FLASK_NAME", "three apples")
        monkeypatch.setenv("FLASK_SWITCH", "true")

        config.from_prefixed_env()

        assert config["SIZE"] == 3
        assert config["NAME"] == "three apples"
        assert config["SWITCH"] is True

    def test_the_prefix_can_be_chosen(self, config, monkeypatch):
        """Only variables with the prefix and an underscore are taken."""
        monkeypatch.setenv("SHOP_A", "1")
        monkeypatch.setenv("SHOPS_B", "2")
        monkeypatch.setenv("OTHER_C", "3")

        config.from_prefixed_env("SHOP")

        assert config == {"A": 1}

    def test_another_decoder(self, config, monkeypatch):
        """`loads` decides what a value becomes; if it fails, the string is kept."""
        monkeypatch.setenv("SHOP_A", "1")
        monkeypatch.setenv("SHOP_B", "x")

        config.from_prefixed_env("SHOP", loads=lambda text: int(text) * 10)

        assert config == {"A": 10, "B": "x"}

    def test_double_underscores_nest(self, config, monkeypatch):
        """A double underscore goes one dict down; missing dicts are made."""
        monkeypatch.setenv("SHOP_DB__POOL__SIZE", "5")

        config.from_prefixed_env("SHOP")

        assert config == {"DB": {"POOL": {"SIZE": 5}}}

    def test_nested_values_join_what_is_there(self, config, monkeypatch):
        """An existing dict keeps its other keys."""
        config["DB"] = {"HOST": "a", "PORT": 1}
        monkeypatch.setenv("SHOP_DB__HOST", "b")

        config.from_prefixed_env("SHOP")

        assert config["DB"] == {"HOST": "b", "PORT": 1}

    def test_the_parent_is_set_before_its_children(self, config, monkeypatch):
        """Names are taken in order, so a child adds to the dict that its parent gives."""
        monkeypatch.setenv("SHOP_DB__HOST", "b")
        monkeypatch.setenv("SHOP_DB", '{"PORT": 1}')

        config.from_prefixed_env("SHOP")

        assert config["DB"] == {"PORT": 1, "HOST": "b"}

    def test_nesting_into_a_plain_value_names_both(self, config, monkeypatch):
        """The error says which key met which value."""
        config["DB"] = "sqlite://"
        monkeypatch.setenv("SHOP_DB__HOST", "b")

        with pytest.raises(TypeError, match=r"'DB__HOST'.*'DB' holds 'sqlite://'"):
            config.from_prefixed_env("SHOP")


class TestFromFile:
    def test_json(self, config, tmp_path):
        """Upper-case keys of a text file's mapping are taken."""
        (tmp_path / "settings.json").write_text('{"A": "é", "lower": 2}', encoding="utf-8")

        loaded = config.from_file("settings.json", json.load)

        assert loaded is True
        assert config == {"A": "é"}

    def test_toml_is_opened_as_bytes(self, config, tmp_path):
        """`text=False` serves loaders that want bytes."""
        (tmp_path / "settings.toml").write_text("A = 1\n")

        config.from_file("settings.toml", tomllib.load, text=False)

        assert config == {"A": 1}

    def test_a_missing_file_is_named(self, config):
        """The error says that it was a configuration file."""
        with pytest.raises(FileNotFoundError, match="Unable to load configuration file"):
            config.from_file("none.json", json.load)

    @pytest.mark.parametrize("name", ["none.json", "."])
    def test_silent_passes_over_what_is_no_file(self, config, name):
        """A missing file and a directory are False when silent."""
        assert config.from_file(name, json.load, silent=True) is False

    def test_broken_json_is_a_value_error(self, config, tmp_path):
        """Silent hides no broken content."""
        (tmp_path / "settings.json").write_text("{")

        with pytest.raises(ValueError):
            config.from_file("settings.json", json.load, silent=True)


class TestFromMapping:
    def test_upper_case_keys_are_taken(self, config):
        """Mapping and keywords join; keywords win; other keys are passed over."""
        config.from_mapping({"A": 1, "B": 1, "lower": 1}, B=2, also_lower=2)

        assert config == {"A": 1, "B": 2}

    def test_keywords_alone(self, config):
        """The mapping may be left out."""
        assert config.from_mapping(A=1) is True
        assert config == {"A": 1}

    def test_pairs(self, config):
        """Pairs are as good as a mapping."""
        config.from_mapping([("A", 1)])

        assert config == {"A": 1}

    def test_one_mapping_only(self, config):
        """Two mappings are a TypeError."""
        with pytest.raises(TypeError):
            config.from_mapping({}, {})


class TestGetNamespace:
    @pytest.mark.parametrize(
        ("lowercase", "trim", "expected"),
        [
            (True, True, {"type": "fs", "base_url": "/i"}),
            (False, True, {"TYPE": "fs", "BASE_URL": "/i"}),
            (True, False, {"image_type": "fs", "image_base_url": "/i"}),
            (False, False, {"IMAGE_TYPE": "fs", "IMAGE_BASE_URL": "/i"}),
        ],
    )
    def test_names(self, config, lowercase, trim, expected):
        """The names lose the namespace and their case as asked."""
        config.update(IMAGE_TYPE="fs", IMAGE_BASE_URL="/i", IMAGES=1, OTHER=2)

        found = config.get_namespace("IMAGE_", lowercase=lowercase, trim_namespace=trim)

        assert found == expected


class TestConfigAttribute:
    class App:
        testing = ConfigAttribute("TESTING")
        size = ConfigAttribute("SIZE", get_converter=int)

        def __init__(self):
            self.config = {"TESTING": False, "SIZE": "3"}

    def test_it_reads_and_writes_the_config(self):
        """The attribute is the setting: either way of changing it shows in the other."""
        app = self.App()

        app.testing = True

        assert app.config["TESTING"] is True
        assert app.testing is True

    def test_the_converter_works_at_reading(self):
        """What is stored stays as it is; what is read is converted."""
        app = self.App()

        assert app.size == 3
        assert app.config["SIZE"] == "3"

    def test_on_the_class_it_is_itself(self):
        """Introspection finds the descriptor."""
        assert isinstance(self.App.testing, ConfigAttribute)

    def test_without_the_setting_it_is_a_key_error(self):
        """A setting that was removed is missing, not None."""
        app = SimpleNamespace(config={})

        with pytest.raises(KeyError, match="TESTING"):
            ConfigAttribute("TESTING").__get__(app)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.__setitem__("A", 2),
        lambda config: config.__delitem__("A"),
        lambda config: config.__ior__({"A": 2}),
        lambda config: config.clear(),
        lambda config: config.pop("A"),
        lambda config: config.popitem(),
        lambda config: config.setdefault("B", 2),
        lambda config: config.update(A=2),
        lambda config: config.from_mapping(A=2),
        lambda config: config.from_object(type("Settings", (), {"A": 2})),
    ],
)
def test_every_change_is_a_new_state(change):
    """What is kept for a configuration can tell by it."""
    config = Config("", {"A": 1})
    before = config._state

    change(config)

    assert config._state is not before


def test_reading_leaves_the_state():
    """A copy that is changed has one of its own."""
    config = Config("", {"A": 1})
    before = config._state
    copied = copy.copy(config)
    copied["A"] = 2

    assert (config["A"], config.get("A"), len(config), "A" in config) == (1, 1, 1, True)
    assert config._state is before
    assert copied._state is not before
