"""Chat: rooms over WebSockets, names from the session, a page that needs no library."""

import os
import secrets

import anyio
from rooms import Rooms

from asyncflask import (
    Flask,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
    websocket,
)

app = Flask(__name__)
app.config.from_mapping(
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
    SESSION_COOKIE_SAMESITE="Lax",
    CHAT_MESSAGE_LENGTH=500,
)
app.config.from_prefixed_env()

rooms = Rooms()


@app.get("/")
def index():
    return render_template("index.html")


@app.post("/")
def enter():
    name, room = request.form["name"].strip()[:30], request.form["room"].strip()[:40]
    if not name or not room or "/" in room:
        flash("You need a name, and so does the room; without a slash.", "error")
        return render_template("index.html"), 400
    session["name"] = name
    return redirect(url_for("room", room=room))


@app.get("/rooms/<room>")
def room(room):
    if "name" not in session:
        return redirect(url_for("index", room=room))
    return render_template("room.html", room=room)


@app.websocket("/rooms/<room>/talk")
async def talk(room):
    if "name" not in session:
        abort(401)
    await websocket.accept()

    room = rooms[room]
    with room.joined(session["name"]) as member, member.staying():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(deliver, member)
            await listen(room, member)
            tasks.cancel_scope.cancel()
    if member.fell_behind:
        await websocket.close(1013, "You have fallen behind.")


async def deliver(member):
    async for event in member.inbox:
        await websocket.send_json(event)


async def listen(room, member):
    longest = app.config["CHAT_MESSAGE_LENGTH"]
    async for text in websocket:
        if not isinstance(text, str) or not text.strip():
            member.tell({"kind": "refusal", "text": "A message is text."})
        elif len(text) > longest:
            member.tell({"kind": "refusal", "text": f"A message has {longest} letters at most."})
        else:
            room.say(member.name, text.strip())
