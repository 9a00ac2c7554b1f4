"""What counts as async, and what blocks."""

from functools import partial

import pytest

from asyncflask import bridge


async def coroutine():
    return None


async def generator():
    yield None


def plain():
    return None


class AsyncCallable:
    """An object whose call is async."""

    async def __call__(self):
        return None


@pytest.mark.parametrize(
    "function", [coroutine, generator, partial(partial(coroutine)), AsyncCallable()]
)
def test_async_functions_in_every_wrapping_are_async(function):
    """Partials and callable objects are looked through."""
    assert bridge.is_async(function)
    assert not bridge.blocks(function)


@pytest.mark.parametrize("function", [plain, partial(plain), str, lambda: None])
def test_sync_functions_block(function):
    """Whatever is not async needs a worker."""
    assert not bridge.is_async(function)
    assert bridge.blocks(function)


def test_an_inline_function_does_not_block():
    """`inline` promises that a sync function never blocks."""

    @bridge.inline
    def quick():
        return None

    assert not bridge.blocks(quick)
    assert not bridge.blocks(partial(quick))
