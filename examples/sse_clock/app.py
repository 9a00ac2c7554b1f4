"""A clock on the server: every open page hears it tick, and misses nothing when it reconnects."""

from datetime import datetime

import anyio
from clock import Clock

from asyncflask import EventStream, Flask, ServerSentEvent, render_template, request

app = Flask(__name__)
app.config.from_mapping(
    TICK=1.0,  # seconds
    TICKS_PER_CONNECTION=600,
)
# FLASK_TICK and FLASK_TICKS_PER_CONNECTION in the environment go before these.
app.config.from_prefixed_env()


@app.before_serving
def make_clock():
    app.state.clock = Clock(app.config["TICK"])


@app.while_serving
async def run_clock():
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.state.clock.run)
        yield
        tasks.cancel_scope.cancel()


@app.get("/")
def index():
    return render_template("index.html")


@app.get("/ticks")
async def ticks():
    clock = app.state.clock
    number = min(last_number(), clock.number)

    async def events():
        yield ServerSentEvent(retry=500)
        # Streams that end once in a while let clients move on to another server.
        left = app.config["TICKS_PER_CONNECTION"]
        async for tick in clock.after(number):
            yield ServerSentEvent(
                {"time": f"{datetime.fromtimestamp(tick.time):%H:%M:%S}", "pages": tick.pages},
                id=tick.number,
            )
            left -= 1
            if not left:
                return

    return EventStream(events())


def last_number():
    """The number of the client's last tick; on a first visit, and for nonsense, the newest."""
    last = request.last_event_id or ""
    return int(last) if last.isdecimal() and len(last) < 20 else app.state.clock.number
