"""Context-local storage: attributes, stacks, and emptying them."""

import asyncio
from contextvars import ContextVar, copy_context

import pytest

from asyncflask.local import Local, LocalManager, LocalStack, release_local


class TestLocal:
    def test_attributes(self):
        """Attributes are set, listed and deleted."""
        local = Local()

        local.a, local.b = 1, 2
        del local.a

        assert list(local) == [("b", 2)]

    @pytest.mark.parametrize("use", [getattr, delattr])
    def test_missing_attribute(self, use):
        """A missing attribute raises an AttributeError that names it."""
        with pytest.raises(AttributeError, match="'user'"):
            use(Local(), "user")

    def test_contexts_are_apart(self):
        """What one context sets, another does not see."""
        local = Local()
        local.user = "outer"

        copy_context().run(setattr, local, "user", "inner")

        assert local.user == "outer"

    def test_release(self):
        """release_local forgets the attributes."""
        local = Local()
        local.user = "ada"

        release_local(local)

        assert list(local) == []

    def test_given_context_var(self):
        """A Local keeps its attributes in the variable it was given."""
        variable = ContextVar("attributes")

        Local(variable).user = "ada"

        assert variable.get() == {"user": "ada"}


class TestLocalStack:
    def test_push_and_pop(self):
        """Items come off in reverse order, then None."""
        stack = LocalStack()

        stack.push(1)
        stack.push(2)

        assert [stack.pop(), stack.pop(), stack.pop()] == [2, 1, None]

    def test_push_returns_the_items(self):
        """push returns the whole stack."""
        stack = LocalStack()
        stack.push(1)

        assert stack.push(2) == [1, 2]

    def test_top(self):
        """The top is the last item, None where there is none."""
        stack = LocalStack()
        assert stack.top is None

        stack.push(1)

        assert stack.top == 1

    def test_contexts_are_apart(self):
        """What one context pushes, another does not see."""
        stack = LocalStack()
        stack.push(1)

        copy_context().run(stack.push, 2)

        assert stack.top == 1


class TestLocalManager:
    def test_cleanup(self):
        """cleanup empties every local."""
        local, stack = Local(), LocalStack()
        local.user = "ada"
        stack.push(1)

        LocalManager([local, stack]).cleanup()

        assert list(local) == []
        assert stack.top is None

    def test_one_local(self):
        """A single local need not be put in a list."""
        local = Local()

        assert LocalManager(local).locals == [local]

    def test_repr(self):
        """The repr counts the locals."""
        assert repr(LocalManager()) == "<LocalManager storages: 0>"

    def test_middleware(self):
        """Wrapped by the manager, an ASGI application leaves the locals empty, errors included."""
        local = Local()

        @LocalManager(local).middleware
        async def app(scope, receive, send):
            local.user = "ada"
            raise ValueError("after setting")

        async def serve():
            with pytest.raises(ValueError, match="after setting"):
                await app({}, None, None)
            return list(local)

        assert asyncio.run(serve()) == []
        assert app.__name__ == "app"
