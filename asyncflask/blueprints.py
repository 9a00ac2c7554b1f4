"""Blueprints: set-up that is recorded first and played back on each app that registers them."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, TypeVar

from .setup.registrar import Registrar, _endpoint_from_view_func, setupmethod
from .setup.resources import open_resource

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from .setup.application import Application

F = TypeVar("F", bound="Callable[..., Any]")
_OWN_NAME: Any = object()  # cli_group where none was given: None would mean "no group"


class BlueprintSetupState:
    """One registration of a blueprint on an app: what recorded functions are given.

    Attributes:
        first_registration: False where this blueprint is on the app already, under another name.
        name: the blueprint's name, or the one given at registration.
        name_prefix: the full name of the parents, joined by dots; "" where there are none.
        subdomain: given at registration, or else the blueprint's.
        url_prefix: given at registration, or else the blueprint's.
        url_defaults: the blueprint's, overridden by those given at registration.
    """

    def __init__(
        self, blueprint: Blueprint, app: Application, options: Any, first_registration: bool
    ) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options = options
        self.first_registration = first_registration
        self.subdomain: str | None = _option(options, "subdomain", blueprint.subdomain)
        self.url_prefix: str | None = _option(options, "url_prefix", blueprint.url_prefix)
        self.name: str = options.get("name", blueprint.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults: dict[str, Any] = {
            **blueprint.url_values_defaults,
            **options.get("url_defaults", {}),
        }

    @property
    def full_name(self) -> str:
        """The name that the app knows this registration by: the parents' names come first."""
        return f"{self.name_prefix}.{self.name}".lstrip(".")

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        """Add a rule to the app, with this registration's prefix, name, subdomain and defaults."""
        self._add(self.app.add_url_rule, rule, endpoint, view_func, options)

    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        """Add a WebSocket to the app, in the same way."""
        self._add(self.app.add_websocket, rule, endpoint, view_func, options)

    def _add(
        self,
        add: Callable[..., None],
        rule: str,
        endpoint: str | None,
        view_func: Callable[..., Any] | None,
        options: dict[str, Any],
    ) -> None:
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        options.setdefault("subdomain", self.subdomain)
        defaults = {**self.url_defaults, **(options.pop("defaults", None) or {})}

        add(
            self._prefixed(rule),
            f"{self.full_name}.{endpoint}",
            view_func,
            defaults=defaults,
            **options,
        )

    def mount(self, prefix: str, app: Any, *, wsgi: bool | None = None) -> None:
        """Mount an application in the app, below this registration's prefix.

        Raises:
            ValueError: this registration has a subdomain.
        """
        if self.subdomain is not None:
            raise ValueError(
                f"{app!r} cannot be mounted in the blueprint {self.full_name!r}, which has the"
                f" subdomain {self.subdomain!r}: a mounted application answers for all hosts."
                " Mount it in the app, or in a blueprint without a subdomain."
            )
        self.app.mount(self._prefixed(prefix), app, wsgi=wsgi)

    def _prefixed(self, rule: str) -> str:
        if self.url_prefix is None:
            return rule
        return _joined(self.url_prefix, rule) if rule else self.url_prefix

    def nested_options(self, blueprint: Blueprint, options: dict[str, Any]) -> dict[str, Any]:
        """The options to register a child with: this registration's own come before the child's."""
        nested = {**options, "name_prefix": self.full_name}
        url_prefix = _option(options, "url_prefix", blueprint.url_prefix)
        subdomain = _option(options, "subdomain", blueprint.subdomain)

        if self.url_prefix is not None:
            nested["url_prefix"] = (
                self.url_prefix if url_prefix is None else _joined(self.url_prefix, url_prefix)
            )
        if self.subdomain is not None:
            nested["subdomain"] = (
                self.subdomain if subdomain is None else f"{subdomain}.{self.subdomain}"
            )
        return nested


class Blueprint(Registrar):
    """Routes, hooks and resources that join an app when it registers them, as often as it likes.

    Args:
        name: goes before every endpoint's name. May hold no dot.
        import_name: the module that the blueprint is defined in: `__name__`.
        static_folder: served below `url_prefix`; without a `url_prefix` the app's own static
            route comes first.
        template_folder: looked into after the app's own, so that the app can override templates.
        url_prefix: goes before every rule.
        subdomain: that rules without one of their own match on.
        url_defaults: values for every rule.
        cli_group: the name that the blueprint's commands are grouped under; its own name where
            not given. None adds them to the app's own commands.
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _OWN_NAME,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if not name:
            raise ValueError(
                "'name' may not be empty. Endpoints start with it: give the blueprint a name."
            )
        _reject_dot("'name'", name)

        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.url_values_defaults: dict[str, Any] = {} if url_defaults is None else url_defaults
        self.cli_group = cli_group
        self.deferred_functions: list[Callable[[BlueprintSetupState], Any]] = []
        self._blueprints: list[tuple[Blueprint, dict[str, Any]]] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if not self._got_registered_once:
            return
        raise AssertionError(
            f"The setup method {f_name!r} can no longer be called on the blueprint {self.name!r}."
            " It has already been registered at least once, any changes will not be applied"
            " consistently.\n"
            "Make sure all imports, decorators, functions, etc. needed to set up the blueprint"
            " are done before registering it."
        )

    # Recording

    @setupmethod
    def record(self, func: Callable[[BlueprintSetupState], Any]) -> None:
        """Call `func(state)` at every registration."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: Callable[[BlueprintSetupState], Any]) -> None:
        """Call `func(state)` at the first registration on an app, and at no other one there."""

        def once(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(once)

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Record a rule; see `Flask.add_url_rule`.

        Raises:
            ValueError: the endpoint or the view's name holds a dot: the blueprint's name and a
                dot are put before it.
        """
        _reject_dots(endpoint, view_func)

        def add(state: BlueprintSetupState) -> None:
            state.add_url_rule(
                rule,
                endpoint,
                view_func,
                provide_automatic_options=provide_automatic_options,
                **options,
            )

        self.record(add)

    @setupmethod
    def mount(self, prefix: str, app: Any, *, wsgi: bool | None = None) -> None:
        """Record an application to be mounted below `url_prefix`; see `Flask.mount`."""
        self.record(lambda state: state.mount(prefix, app, wsgi=wsgi))

    @setupmethod
    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        """Record a WebSocket; see `Flask.add_websocket`.

        Raises:
            ValueError: the endpoint or the view's name holds a dot.
        """
        _reject_dots(endpoint, view_func)
        self.record(lambda state: state.add_websocket(rule, endpoint, view_func, **options))

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Nest a blueprint: it is registered wherever, and under whatever name, this one is.

        Args:
            options: as for `Flask.register_blueprint`; they come before the child's own settings.
        Raises:
            ValueError: a blueprint nested in itself.
        """
        if blueprint is self:
            raise ValueError(
                f"Cannot register a blueprint on itself, as was asked of {self.name!r}."
                " Register it on the app or on another blueprint."
            )
        self._blueprints.append((blueprint, options))

    # Playing back

    def make_setup_state(
        self, app: Application, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """The state for one registration; override it to give recorded functions another one."""
        return BlueprintSetupState(self, app, options, first_registration)

    def register(self, app: Application, options: dict[str, Any]) -> None:
        """Apply all that was recorded to `app`; called by `Flask.register_blueprint`.

        Raises:
            ValueError: the app already has a blueprint of this name.
        """
        is_new_here = not any(blueprint is self for blueprint in app.blueprints.values())
        state = self.make_setup_state(app, options, is_new_here)
        name = self._claim_name(app, options)
        self._got_registered_once = True

        if self.has_static_folder:
            self._add_static_rule(state)
        self._merge_blueprint_funcs(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._merge_commands(app, options, name)
        for child, child_options in self._blueprints:
            child.register(app, state.nested_options(child, child_options))

    def _claim_name(self, app: Application, options: dict[str, Any]) -> str:
        """Put this blueprint into `app.blueprints`, under its full name."""
        own_name = options.get("name", self.name)
        name = f"{options.get('name_prefix', '')}.{own_name}".lstrip(".")

        registered = app.blueprints.get(name)
        if registered is not None:
            which = "this" if registered is self else "a different"
            where = "" if name == own_name else f" {name!r}"
            raise ValueError(
                f"The name {own_name!r} is already registered for {which} blueprint{where}."
                " Use 'name=' to provide a unique name."
            )
        app.blueprints[name] = self
        return name

    def _add_static_rule(self, state: BlueprintSetupState) -> None:
        async def serve_static(filename: str) -> Any:
            return await self._serve_static_file(filename)

        state.add_url_rule(
            f"{self.static_url_path}/<path:filename>",
            view_func=serve_static,
            endpoint="static",
        )

    def _merge_blueprint_funcs(self, app: Application, name: str) -> None:
        """Copy this blueprint's registries into the app's, under `name`."""
        for mine, theirs in (
            (self.before_request_funcs, app.before_request_funcs),
            (self.after_request_funcs, app.after_request_funcs),
            (self.teardown_request_funcs, app.teardown_request_funcs),
            (self.before_websocket_funcs, app.before_websocket_funcs),
            (self.after_websocket_funcs, app.after_websocket_funcs),
            (self.teardown_websocket_funcs, app.teardown_websocket_funcs),
            (self.template_context_processors, app.template_context_processors),
            (self.url_value_preprocessors, app.url_value_preprocessors),
            (self.url_default_functions, app.url_default_functions),
        ):
            for scope, functions in mine.items():
                theirs[_scope_in_app(scope, name)].extend(functions)

        for scope, by_code in self.error_handler_spec.items():
            for code, by_class in by_code.items():
                app.error_handler_spec[_scope_in_app(scope, name)][code].update(by_class)
        app.view_functions.update(self.view_functions)

    def _merge_commands(self, app: Application, options: dict[str, Any], name: str) -> None:
        if "cli" not in self.__dict__ or not self.cli.commands:
            return

        group = options.get("cli_group", self.cli_group)
        if group is None:
            app.cli.commands.update(self.cli.commands)
            return
        self.cli.name = name if group is _OWN_NAME else group
        app.cli.add_command(self.cli)

    # Template functions of the whole app

    @setupmethod
    def app_template_filter(self, name: Any = None) -> Any:
        """Decorate a template filter for the whole app; named after the function by default."""
        return _named(self.add_app_template_filter, name)

    @setupmethod
    def add_app_template_filter(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Add a template filter for the whole app."""
        self.record_once(lambda state: state.app.add_template_filter(f, name))

    @setupmethod
    def app_template_test(self, name: Any = None) -> Any:
        """Decorate a template test for the whole app; named after the function by default."""
        return _named(self.add_app_template_test, name)

    @setupmethod
    def add_app_template_test(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Add a template test for the whole app."""
        self.record_once(lambda state: state.app.add_template_test(f, name))

    @setupmethod
    def app_template_global(self, name: Any = None) -> Any:
        """Decorate a template global for the whole app; named after the function by default."""
        return _named(self.add_app_template_global, name)

    @setupmethod
    def add_app_template_global(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Add a template global for the whole app."""
        self.record_once(lambda state: state.app.add_template_global(f, name))

    # Hooks of the whole app

    @setupmethod
    def before_app_request(self, f: F) -> F:
        """`before_request` for every request of the app."""
        self.record_once(lambda state: state.app.before_request_funcs[None].append(f))
        return f

    @setupmethod
    def after_app_request(self, f: F) -> F:
        """`after_request` for every request of the app."""
        self.record_once(lambda state: state.app.after_request_funcs[None].append(f))
        return f

    @setupmethod
    def teardown_app_request(self, f: F) -> F:
        """`teardown_request` for every request of the app."""
        self.record_once(lambda state: state.app.teardown_request_funcs[None].append(f))
        return f

    @setupmethod
    def before_app_websocket(self, f: F) -> F:
        """`before_websocket` for every WebSocket of the app."""
        self.record_once(lambda state: state.app.before_websocket_funcs[None].append(f))
        return f

    @setupmethod
    def after_app_websocket(self, f: F) -> F:
        """`after_websocket` for every WebSocket of the app."""
        self.record_once(lambda state: state.app.after_websocket_funcs[None].append(f))
        return f

    @setupmethod
    def teardown_app_websocket(self, f: F) -> F:
        """`teardown_websocket` for every WebSocket of the app."""
        self.record_once(lambda state: state.app.teardown_websocket_funcs[None].append(f))
        return f

    @setupmethod
    def app_context_processor(self, f: F) -> F:
        """`context_processor` for every template of the app."""
        self.record_once(lambda state: state.app.template_context_processors[None].append(f))
        return f

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> Callable[[F], F]:
        """`errorhandler` for every request of the app."""

        def register(f: F) -> F:
            self.record_once(lambda state: state.app.register_error_handler(code, f))
            return f

        return register

    @setupmethod
    def app_url_value_preprocessor(self, f: F) -> F:
        """`url_value_preprocessor` for every request of the app."""
        self.record_once(lambda state: state.app.url_value_preprocessors[None].append(f))
        return f

    @setupmethod
    def app_url_defaults(self, f: F) -> F:
        """`url_defaults` for every URL of the app."""
        self.record_once(lambda state: state.app.url_default_functions[None].append(f))
        return f

    # The whole app's start-up and shutdown

    @setupmethod
    def before_app_serving(self, func: F) -> F:
        """`before_serving` of the app."""
        self.record_once(lambda state: state.app.before_serving(func))
        return func

    @setupmethod
    def while_app_serving(self, func: F) -> F:
        """`while_serving` of the app."""
        self.record_once(lambda state: state.app.while_serving(func))
        return func

    @setupmethod
    def after_app_serving(self, func: F) -> F:
        """`after_serving` of the app."""
        self.record_once(lambda state: state.app.after_serving(func))
        return func

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> IO[Any]:
        """Open a file that lies below `root_path`, for reading; see `Flask.open_resource`."""
        return open_resource(self.root_path, resource, mode, encoding)


def _option(options: dict[str, Any], key: str, otherwise: Any) -> Any:
    """What was given at registration, where None counts as not given."""
    value = options.get(key)
    return otherwise if value is None else value


def _joined(prefix: str, rest: str) -> str:
    return f"{prefix.rstrip('/')}/{rest.lstrip('/')}"


def _scope_in_app(scope: str | None, name: str) -> str:
    return name if scope is None else f"{name}.{scope}"


def _reject_dots(endpoint: str | None, view_func: Callable[..., Any] | None) -> None:
    if endpoint is not None:
        _reject_dot("'endpoint'", endpoint)
    if view_func is not None:
        _reject_dot("'view_func' name", getattr(view_func, "__name__", ""))


def _reject_dot(what: str, name: str) -> None:
    if "." in name:
        raise ValueError(
            f"{what} may not contain a dot '.' character: {name!r}. Dots separate the names of"
            " nested blueprints and views; use another character."
        )


def _named(add: Callable[[Any, str | None], None], name: Any) -> Any:
    """A decorator that calls `add(function, name)`, or its result where it was used bare."""
    if callable(name):
        add(name, None)
        return name

    def decorate(f: F) -> F:
        add(f, name)
        return f

    return decorate
