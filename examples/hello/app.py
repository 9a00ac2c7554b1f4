"""Hello: routes, converters, and views of both colours.

A `def` view runs in a worker thread and may block; an `async def` view runs on the event loop.
"""

import asyncio
from datetime import date

from markupsafe import escape

from asyncflask import Flask, render_template, request
from asyncflask.routing import BaseConverter, ValidationError


class DateConverter(BaseConverter):
    """`<date:day>` takes an ISO date, such as 2026-12-31; no other URL matches."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None

    def to_url(self, value):
        return value.isoformat()


app = Flask(__name__)
app.url_map.converters["date"] = DateConverter


@app.get("/")
def index():
    return render_template("index.html", new_year=date(date.today().year + 1, 1, 1))


@app.get("/hello/")
@app.get("/hello/<name>")
def hello(name="World"):
    greeting = request.args.get("greeting", "Hello")
    return f"<h1>{escape(greeting)}, {escape(name)}!</h1>"


@app.get("/sum/<int(signed=True):a>/<int(signed=True):b>")
def add(a, b):
    return {"a": a, "b": b, "sum": a + b}


@app.get("/paint/<any(red, green, blue):colour>")
def paint(colour):
    return f'<p style="color: {colour}">This is {colour}.</p>'


@app.get("/weekday/<date:day>")
def weekday(day):
    return {"day": day.isoformat(), "weekday": f"{day:%A}"}


@app.get("/together")
async def together():
    """Two questions that each take a moment, asked at the same time."""
    tea, biscuits = await asyncio.gather(ask("tea"), ask("biscuits"))
    return {"tea": tea, "biscuits": biscuits}


async def ask(what):
    await asyncio.sleep(0.2)  # a database, another service …
    return f"enough {what}"


@app.get("/countdown/<int(max=10):start>")
async def countdown(start):
    """A response that is sent while it is being made, line by line."""

    async def lines():
        for number in range(start, 0, -1):
            yield f"{number} …\n"
            await asyncio.sleep(0.5)
        yield "Lift-off!\n"

    return lines(), {"Content-Type": "text/plain; charset=utf-8"}
