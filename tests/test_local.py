"""Proxies: what they stand for, and what reaches the object."""

import asyncio
import copy
import math
import operator
from contextvars import ContextVar
from types import SimpleNamespace

import pytest
from werkzeug.local import LocalProxy as WerkzeugProxy

from asyncflask.local import Local, LocalProxy, LocalStack, proxy_to

UNBOUND = ContextVar("unbound")


class User:
    """A user."""

    def __init__(self, name="admin"):
        self.name = name

    def __repr__(self):
        return f"<User {self.name}>"


def proxy_of(value):
    return LocalProxy(lambda: value)


class TestQuickAttributes:
    def test_attribute_of_the_kind(self):
        """What instances of the kind have is read from the object of the moment."""
        users = iter([User("ada"), User("grace")])
        proxy = proxy_to(lambda: next(users), User, "name")

        assert [proxy.name, proxy.name] == ["ada", "grace"]

    def test_other_attribute(self):
        """The object's own attributes can be read, though the kind does not have them."""
        user = User()
        user.city = "London"

        assert proxy_to(lambda: user, User).city == "London"

    def test_missing_attribute(self):
        """An attribute that the object lacks is missing, though its kind has it."""
        proxy = proxy_to(lambda: 5, User, "name")

        with pytest.raises(AttributeError, match="'int' object has no attribute 'name'"):
            _ = proxy.name

    def test_set_and_deleted(self):
        """Setting and deleting a quick attribute changes the object."""
        user = User()
        proxy = proxy_to(lambda: user, User, "name")

        proxy.name = "ada"
        assert user.name == "ada"
        del proxy.name
        assert not hasattr(user, "name")

    def test_unbound(self):
        """Where nothing is bound, a quick attribute raises what the source raises."""

        def find():
            raise RuntimeError("There is no user.")

        proxy = proxy_to(find, User, "name")

        with pytest.raises(RuntimeError, match=r"There is no user\."):
            _ = proxy.name
        assert repr(proxy) == "<LocalProxy unbound>"

    def test_near(self):
        """What is in the attribute of a variable's value is read without asking `find`."""
        current = ContextVar("current")
        proxy = proxy_to(lambda: User("found"), User, "name", near=(current, "user"))

        current.set(SimpleNamespace(user=User("near")))

        assert proxy.name == "near"

    @pytest.mark.parametrize("value", [None, SimpleNamespace(user=None), SimpleNamespace()])
    def test_not_near(self, value):
        """`find` is asked where the variable's value does not have the object."""
        current = ContextVar("current")
        proxy = proxy_to(lambda: User("found"), User, "name", near=(current, "user"))

        current.set(value)

        assert proxy.name == "found"

    def test_near_of_an_unset_variable(self):
        """`find` is asked where the variable was not set, with or without a default of its own."""
        for current in (ContextVar("current"), ContextVar("current", default=None)):
            proxy = proxy_to(lambda: User("found"), User, "name", near=(current, "user"))

            assert proxy.name == "found"

    def test_error_of_a_near_object(self):
        """An attribute that fails is not taken for one that is not there."""

        class Broken:
            @property
            def name(self):
                raise ValueError("broken")

        current = ContextVar("current")
        proxy = proxy_to(lambda: User("found"), User, "name", near=(current, "user"))

        current.set(SimpleNamespace(user=Broken()))

        with pytest.raises(ValueError, match="broken"):
            _ = proxy.name

    def test_passes_for_the_object(self):
        """It has the object's class and docstring, and its type tells that it is a proxy."""
        proxy = proxy_to(User, User)

        assert isinstance(proxy, User)
        assert proxy.__doc__ == "A user."
        assert issubclass(type(proxy), LocalProxy)


class TestSources:
    def test_context_var(self):
        """A proxy to a ContextVar stands for the variable's value."""
        variable = ContextVar("user")
        proxy = LocalProxy(variable)

        variable.set(User("ada"))

        assert proxy.name == "ada"

    def test_function(self):
        """A proxy to a function calls it at each use."""
        values = iter(["first", "second"])
        proxy = LocalProxy(lambda: next(values))

        assert str(proxy) == "first"
        assert str(proxy) == "second"

    def test_local(self):
        """Calling a Local gives a proxy to one of its attributes."""
        local = Local()
        proxy = local("user")

        local.user = User("ada")

        assert proxy.name == "ada"

    def test_local_needs_a_name(self):
        """A proxy to a Local without a name is refused."""
        with pytest.raises(TypeError, match="needs the attribute's name"):
            LocalProxy(Local())

    def test_stack(self):
        """Calling a LocalStack gives a proxy to the top item."""
        stack = LocalStack()
        proxy = stack()

        stack.push(User("below"))
        stack.push(User("top"))

        assert proxy.name == "top"

    @pytest.mark.parametrize("source", ["variable", "stack", "function"])
    def test_name_narrows_to_an_attribute(self, source):
        """With a name, the proxy stands for that attribute of the object."""
        variable, stack = ContextVar("user"), LocalStack()
        variable.set(User("ada"))
        stack.push(User("ada"))
        sources = {"variable": variable, "stack": stack, "function": lambda: User("ada")}

        proxy = LocalProxy(sources[source], "name")

        assert proxy == "ada"

    def test_anything_else_is_refused(self):
        """What is not a source of objects raises a TypeError that names its type."""
        with pytest.raises(TypeError, match="'str' cannot be proxied"):
            LocalProxy("user")

    def test_current_object(self):
        """_get_current_object gives the very object."""
        user = User()

        assert proxy_of(user)._get_current_object() is user

    def test_wrapped_is_the_source_while_unbound(self):
        """__wrapped__ names the source as long as nothing is bound."""
        assert LocalProxy(UNBOUND).__wrapped__ is UNBOUND

    def test_type_parameter(self):
        """A proxy made from the parametrised class leaves the target alone."""
        user = User()

        LocalProxy[User](lambda: user)

        assert vars(user) == {"name": "admin"}


class TestUnbound:
    @pytest.mark.parametrize("source", [UNBOUND, Local(), LocalStack()])
    def test_use_raises(self, source):
        """Using a proxy to which nothing is bound raises a RuntimeError."""
        proxy = LocalProxy(source, "user")

        with pytest.raises(RuntimeError, match="Nothing is bound"):
            proxy.name  # noqa: B018

    @pytest.mark.parametrize(
        "use",
        [
            lambda proxy: proxy.name,
            lambda proxy: setattr(proxy, "name", 1),
            lambda proxy: delattr(proxy, "name"),
            lambda proxy: proxy["name"],
            lambda proxy: proxy + 1,
            lambda proxy: proxy(),
            iter,
            len,
            hash,
            str,
            lambda proxy: proxy._get_current_object(),
        ],
    )
    def test_message(self, use):
        """The error says what the maker of the proxy wanted said."""
        proxy = LocalProxy(UNBOUND, unbound_message="Log in first.")

        with pytest.raises(RuntimeError, match=r"^Log in first\.$"):
            use(proxy)

    def test_repr(self):
        """An unbound proxy shows itself as unbound."""
        assert repr(LocalProxy(UNBOUND)) == "<LocalProxy unbound>"

    def test_bool(self):
        """An unbound proxy is false."""
        assert not LocalProxy(UNBOUND)

    def test_dir(self):
        """An unbound proxy has no attributes to list."""
        assert dir(LocalProxy(UNBOUND)) == []

    def test_class(self):
        """An unbound proxy is an instance of its own class."""
        assert LocalProxy(UNBOUND).__class__ is LocalProxy

    def test_equality(self):
        """An unbound proxy equals itself and nothing else."""
        proxy = LocalProxy(UNBOUND)

        assert proxy == proxy
        assert proxy != 1

    def test_errors_of_the_function_pass(self):
        """A LookupError of a source function is not taken for an unbound proxy."""
        proxy = LocalProxy(lambda: {}["missing"])

        with pytest.raises(KeyError, match="missing"):
            proxy.name  # noqa: B018


class TestForwarding:
    def test_set_and_delete_attributes(self):
        """Attributes are set and deleted on the object."""
        user = User()
        proxy = proxy_of(user)

        proxy.age = 36
        del proxy.name

        assert vars(user) == {"age": 36}

    def test_dict(self):
        """vars() of the proxy are those of the object."""
        assert vars(proxy_of(User("ada"))) == {"name": "ada"}

    def test_isinstance(self):
        """isinstance sees the object; type and issubclass see the proxy."""
        proxy = proxy_of(User())

        assert isinstance(proxy, User)
        assert issubclass(type(proxy), LocalProxy)

    def test_proxied_class(self):
        """A proxy to a class works in isinstance and issubclass."""
        proxy = proxy_of(int)

        assert isinstance(3, proxy)
        assert issubclass(bool, proxy)

    def test_doc(self):
        """The docstring is the object's; the class keeps its own."""
        assert proxy_of(User()).__doc__ == "A user."
        assert LocalProxy.__doc__.startswith("Stands for")

    def test_repr_and_dir(self):
        """repr and dir are the object's."""
        user = User()

        assert repr(proxy_of(user)) == "<User admin>"
        assert dir(proxy_of(user)) == dir(user)

    def test_call(self):
        """A call passes its arguments on."""
        assert proxy_of(dict)([("a", 1)], b=2) == {"a": 1, "b": 2}

    def test_hash(self):
        """A proxy is found where its object is a key."""
        assert {"key": 1}[proxy_of("key")] == 1

    def test_items(self):
        """Items are read, set, deleted and looked for in the object."""
        items = {"a": 1, "b": 2}
        proxy = proxy_of(items)

        proxy["c"] = proxy["a"]
        del proxy["b"]

        assert items == {"a": 1, "c": 1}
        assert "c" in proxy

    def test_copies(self):
        """copy and deepcopy copy the object."""
        items = [[1]]

        shallow, deep = copy.copy(proxy_of(items)), copy.deepcopy(proxy_of(items))

        assert type(shallow) is type(deep) is list
        assert shallow[0] is items[0]
        assert deep[0] is not items[0]

    def test_in_place_operation_on_a_mutable_object(self):
        """`proxy += x` changes the object, and the name stays the proxy."""
        items = [1]
        proxy = same = proxy_of(items)

        proxy += [2]

        assert proxy is same
        assert items == [1, 2]

    def test_in_place_operation_on_an_immutable_object(self):
        """`proxy += x` gives the result where the object cannot change."""
        proxy = proxy_of(5)

        proxy += 1

        assert type(proxy) is int
        assert proxy == 6

    def test_context_manager(self):
        """`with` enters and leaves the object."""
        events = []

        class Door:
            def __enter__(self):
                events.append("in")
                return self

            def __exit__(self, *exc_info):
                events.append("out")

        with proxy_of(Door()) as door:
            pass

        assert type(door) is Door
        assert events == ["in", "out"]

    def test_async_protocols(self):
        """`await`, `async for` and `async with` reach the object."""

        class Door:
            async def __aenter__(self):
                return "open"

            async def __aexit__(self, *exc_info):
                return True

        async def answer():
            return 42

        async def count():
            yield 1
            yield 2

        async def use():
            async with proxy_of(Door()) as state:
                raise ValueError("swallowed by the door")
            coroutine = answer()
            numbers = [number async for number in proxy_of(count())]
            return state, await proxy_of(coroutine), numbers

        assert asyncio.run(use()) == ("open", 42, [1, 2])

    def test_anext(self):
        """anext() takes the next item of the object."""

        async def count():
            yield 1

        async def use():
            return await anext(proxy_of(count()))

        assert asyncio.run(use()) == 1


OPERATIONS = [
    (5, lambda p: [p + 1, p - 1, p * 2, p / 2, p // 2, p % 3, p**2, divmod(p, 2)]),
    (5, lambda p: [1 + p, 1 - p, 2 * p, 2 / p, 11 // p, 12 % p, 2**p, divmod(12, p)]),
    (5, lambda p: [p << 1, p >> 1, p & 1, p ^ 1, p | 8, 1 << p, 99 >> p, 4 & p, 4 ^ p, 8 | p]),
    (5, lambda p: [-p, +p, abs(p), ~p, int(p), float(p), complex(p), operator.index(p)]),
    (5, lambda p: [p < 6, p <= 5, p > 4, p >= 6, p == 5, p != 5, pow(p, 2, 7), f"{p:03}"]),
    (2.5, lambda p: [math.floor(p), math.ceil(p), math.trunc(p), round(p), round(p, 1)]),
    ([1, 2], lambda p: [[0] + p, p + [0], p * 2, len(p), list(reversed(p)), p[0:1], [*p]]),  # noqa: RUF005
    ({"a": 1}, lambda p: [{**p}, list(p), p | {"b": 2}, bool(p)]),
    ({1, 2}, lambda p: [p & {1}, {1, 3} - p, 3 in p, 1 in p]),
    ("text", lambda p: [p + "s", "con" + p, p.upper(), p[1], f"{p:>6}", str(p), p % ()]),
    (b"ab", lambda p: [bytes(p), p + b"c", operator.length_hint(p)]),
    (iter([1, 2]), next),
    ([3, 1, 2], sorted),
]


@pytest.mark.parametrize(("value", "operate"), OPERATIONS)
def test_operations_as_on_the_object(value, operate):
    """Operators and built-in functions give what they give for the object itself."""
    expected = operate(copy.copy(value))

    assert operate(proxy_of(copy.copy(value))) == expected


@pytest.mark.parametrize(("value", "operate"), OPERATIONS)
def test_operations_as_werkzeugs(value, operate):
    """Operators and built-in functions give what they give for Werkzeug's proxy."""
    theirs, ours = copy.copy(value), copy.copy(value)

    expected = operate(WerkzeugProxy(lambda: theirs))

    assert operate(proxy_of(ours)) == expected


@pytest.mark.parametrize(
    "name",
    [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "lshift",
        "rshift",
        "and_",
        "or_",
        "xor",
        "matmul",
    ],
)
def test_in_place_operators(name):
    """Every in-place operator uses the object's own and keeps the proxy."""

    class Recorder:
        used = None

        def __getattr__(self, name):
            raise AttributeError(name)

    def use(self, other):
        self.used = other
        return self

    setattr(Recorder, f"__i{name.rstrip('_')}__", use)
    recorder = Recorder()
    proxy = proxy_of(recorder)

    result = getattr(operator, f"i{name.rstrip('_')}")(proxy, 7)

    assert result is proxy
    assert recorder.used == 7
