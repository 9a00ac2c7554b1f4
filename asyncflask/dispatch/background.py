"""Functions that run beside the requests: where they run, who waits for them at the end."""

from __future__ import annotations

from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from anyio.lowlevel import current_token

from .. import bridge
from ..ctx import AppContext, leave_all
from ..setup.application import Application
from ..signals import got_background_exception
from .guard import guard_job
from .steps import Step, call, report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskGroup
    from anyio.lowlevel import EventLoopToken


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A function to be run once, and with what."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def name(self) -> str:
        """What tells it apart in the log."""
        return getattr(self.function, "__qualname__", None) or repr(self.function)


class _RunningJob:
    """A job in its task on an event loop."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.scope = anyio.CancelScope()
        self.has_ended = anyio.Event()


class _Crew:
    """The jobs on one event loop, and what their tasks belong to."""

    def __init__(self) -> None:
        self.jobs: set[_RunningJob] = set()
        self.group: TaskGroup | None = None
        self.host: bridge.TaskHost | None = None

    def is_idle(self) -> bool:
        return not self.jobs and self.group is None

    def start_soon(
        self, function: Callable[..., Any], *args: Any, on_host_end: Callable[..., object]
    ) -> None:
        """Start a task in the lifespan's group, or in a host where no server runs the lifespan."""
        if self.group is not None:
            self.group.start_soon(function, *args)
            return
        self.host = self.host or bridge.TaskHost.open(on_host_end)
        self.host.start_soon(function, *args)

    def close_host(self) -> None:
        """Let the host end once this task has; the next task is given another one."""
        if self.host is not None:
            self.host.close()
        self.host = None


class BackgroundTasks:
    """The background tasks of one app, on whatever event loops it runs.

    While the app is served, they are in a task group of its lifespan; where no server runs the
    lifespan, in a host of tasks that lives until the last of them has ended.
    """

    def __init__(self) -> None:
        self._crews: dict[EventLoopToken, _Crew] = {}

    @property
    def are_running(self) -> bool:
        """Whether there are any, on any event loop."""
        return any(crew.jobs for crew in tuple(self._crews.values()))

    @asynccontextmanager
    async def hosted(self) -> AsyncIterator[None]:
        """Within the block, which the app is served in, tasks belong to it."""
        loop = current_token()
        crew = self._crews.setdefault(loop, _Crew())
        outer = crew.group
        async with anyio.create_task_group() as crew.group:
            try:
                yield
            finally:
                crew.group.cancel_scope.cancel()
                crew.group = outer
        if outer is None and crew.host is None:
            # Those left were cancelled before their first step.
            crew.jobs.clear()
        self._forget_if_idle(loop, crew)

    def add(self, app: Any, job: Job) -> None:
        """Start a job, from async code or from any thread.

        A thread that belongs to no request has it run where the app is served.
        """
        if bridge.is_on_event_loop():
            self._start(app, job)
        else:
            bridge.wait_for(self._start_there, app, job, home=self._home())

    def _home(self) -> EventLoopToken | None:
        """The event loop that the app is served on, if it is served at all."""
        served = [loop for loop, crew in tuple(self._crews.items()) if crew.group is not None]
        return served[0] if served else None

    async def _start_there(self, app: Any, job: Job) -> None:
        self._start(app, job)

    def _start(self, app: Any, job: Job) -> None:
        loop = current_token()
        crew = self._crews.setdefault(loop, _Crew())
        running = _RunningJob(job)
        crew.jobs.add(running)
        # The context is changed before the task is made: what an event loop keeps of it beside
        # the task would hold the request until the job has ended.
        context = copy_context()
        context.run(leave_all)
        context.run(bridge.stand_alone)
        on_host_end = partial(self._on_host_end, loop, crew)
        context.run(crew.start_soon, self._run, app, crew, running, on_host_end=on_host_end)

    async def _run(self, app: Any, crew: _Crew, running: _RunningJob) -> None:
        try:
            with running.scope:
                await _perform(app, running)
        finally:
            crew.jobs.discard(running)
            running.has_ended.set()
            self._forget_if_idle(current_token(), crew)

    def _forget_if_idle(self, loop: EventLoopToken, crew: _Crew) -> None:
        if not crew.jobs:
            crew.close_host()
        if crew.is_idle():
            self._crews.pop(loop, None)

    def _on_host_end(self, loop: EventLoopToken, crew: _Crew, host: bridge.TaskHost) -> None:
        """In the host's thread: forget tasks whose event loop has ended before they began."""
        if crew.host is host:
            self._crews.pop(loop, None)

    async def finish(self, app: Any) -> None:
        """Wait for this event loop's tasks, and cancel those that take too long."""
        crew = self._crews.get(current_token()) or _Crew()
        with anyio.move_on_after(app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"]):
            while crew.jobs:
                await next(iter(crew.jobs)).has_ended.wait()
        late = tuple(crew.jobs)
        if not late:
            return
        names = ", ".join(sorted(each.job.name for each in late))
        app.logger.warning(f"Cancelling background tasks that have not ended: {names}")
        for each in late:
            each.scope.cancel()
        for each in late:
            await each.has_ended.wait()

    def finish_here(self, app: Any) -> None:
        """`finish` for a thread, where no server will do it."""
        if self._crews and self._home() is None:
            bridge.wait_for(self.finish, app)


async def _perform(app: Any, running: _RunningJob) -> None:
    """Run a job in an app context of its own; an error is logged and signalled, never raised."""
    job = running.job
    step = Step.of(job.function)
    try:
        if step.blocks:
            in_thread = partial(_perform_in_thread, app, step, running)
            error = await bridge.run_aside(in_thread, app.config["THREADPOOL_SIZE"])
            if error is not None:
                raise error
        else:
            async with AppContext(app) as ctx:
                work = guard_job(ctx, job.name, call(ctx, step, *job.args, **job.kwargs))
                await bridge.drive(work, ctx)
    except BaseException as exc:
        if not bridge.is_error(exc):
            raise
        await report(app, got_background_exception, exc, _failure_of(job))


def _perform_in_thread(app: Any, step: Step, running: _RunningJob) -> BaseException | None:
    """Run a sync job from its first line to the last teardown function; gives its error."""
    job = running.job
    try:
        with AppContext(app) as ctx:
            bridge.run_here(call(ctx, step, *job.args, **job.kwargs), ctx)
    except BaseException as exc:
        if not running.has_ended.is_set():
            return exc
        # It was left behind at shutdown, and nobody takes the error over any more.
        app.logger.error(_failure_of(job), exc_info=exc)
    return None


def _failure_of(job: Job) -> str:
    return f"Exception in the background task {job.name}"


class BackgroundMethods(Application):
    """What users call to have something done beside the requests."""

    _background: BackgroundTasks

    def add_background_task(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run `func(*args, **kwargs)` beside the requests, in an app context of its own.

        A sync function runs in a worker thread, an async one on the event loop of the caller. An
        error is logged and sent to `got_background_exception`. At shutdown, tasks are waited for
        as long as BACKGROUND_TASK_SHUTDOWN_TIMEOUT says, and then cancelled; a thread cannot be
        cancelled and is left behind.
        """
        self._background.add(self, Job(func, args, kwargs))

    def _finish_background_tasks(self) -> None:
        """Wait, in a thread, for tasks that no server waits for: those of a command, of a test."""
        self._background.finish_here(self)
