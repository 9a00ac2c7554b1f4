"""The site on its way to asyncflask: what is new or has moved is here, the rest is `old_site`'s."""

from board import board
from old_site import old_site

from asyncflask import Flask, abort, render_template, session, websocket

app = Flask(__name__)
# The same key and cookie: whoever logs in over there is logged in here.
for key in ("SECRET_KEY", "SESSION_COOKIE_SAMESITE"):
    app.config[key] = old_site.config[key]


@app.get("/notes")
async def notes():
    """New, and async: the notes as JSON. `POST /notes` has not moved yet."""
    return board.notes()


@app.get("/about")
async def about():
    """Moved: it was a view of the old site, and its template is as it was."""
    return render_template("about.html")


@app.websocket("/live")
async def live():
    """New: tells of each note as it is written, by whichever application."""
    if "user" not in session:
        abort(401)
    await websocket.accept()
    with board.read() as news:
        while True:
            await websocket.send_json(await news.get())


# Whatever has no rule above, the old site answers.
app.mount("/", old_site)


def building_with(other):
    """Let url_for find the endpoints that the other application has."""

    def build(error, endpoint, values):
        # Those of url_for itself, such as _anchor, begin with an underscore.
        arguments = {name: value for name, value in values.items() if name[0] != "_"}
        return other.url_map.bind("localhost").build(endpoint, arguments)

    return build


app.url_build_error_handlers.append(building_with(old_site))
old_site.url_build_error_handlers.append(building_with(app))
