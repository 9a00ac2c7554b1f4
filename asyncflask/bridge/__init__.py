"""Where user code runs, on the event loop or in a worker: the one place that knows threads."""

from .aside import run_aside, stand_alone
from .awaiting import steps_of
from .blocking import Blockage, Place, Report, watched
from .cancelling import cancel_once, is_error
from .colours import blocks, inline, is_async
from .errand import run_io
from .event import Event
from .hop import (
    DEFAULT_WORKERS,
    Home,
    Traveller,
    act_for,
    current_home,
    dismiss_workers,
    drive,
    ensure_sync,
    is_on_event_loop,
    leave_pool,
    limit_workers,
    run_here,
    run_in_worker,
    run_sync,
    task_of_caller,
    this_thread,
    to_loop,
    to_worker,
    wait_for,
)
from .host import TaskHost
from .lane import Lane, lend_thread, run_on_loop_thread
from .outside import OutsideSend, receive_outside, run_with
from .stream import iterate

__all__ = [
    "DEFAULT_WORKERS",
    "Blockage",
    "Event",
    "Home",
    "Lane",
    "OutsideSend",
    "Place",
    "Report",
    "TaskHost",
    "Traveller",
    "act_for",
    "blocks",
    "cancel_once",
    "current_home",
    "dismiss_workers",
    "drive",
    "ensure_sync",
    "inline",
    "is_async",
    "is_error",
    "is_on_event_loop",
    "iterate",
    "leave_pool",
    "lend_thread",
    "limit_workers",
    "receive_outside",
    "run_aside",
    "run_here",
    "run_in_worker",
    "run_io",
    "run_on_loop_thread",
    "run_sync",
    "run_with",
    "stand_alone",
    "steps_of",
    "task_of_caller",
    "this_thread",
    "to_loop",
    "to_worker",
    "wait_for",
    "watched",
]
