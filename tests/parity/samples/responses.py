"""What the quickstart tells in prose: return values, flashing, names in templates. Our own code."""

from flask import Response, flash, g, get_flashed_messages, render_template_string

app.secret_key = "key"


@app.before_request
def choose_colour():
    g.colour = "green"


@app.get("/response")
def response():
    return Response("made by hand", status=202, mimetype="text/plain")


@app.get("/string")
def string():
    return "a string"


@app.get("/generator")
def generator():
    return (word for word in ["piece ", "by ", "piece"])


@app.get("/list")
def numbers():
    return [1, 2]


@app.get("/status")
def status():
    return "created", 201


@app.get("/headers")
def headers():
    return "headers", {"X-Colour": "red"}


@app.get("/status-headers")
def status_and_headers():
    return "both", 418, [("X-Colour", "red")]


@app.get("/flash")
def leave_message():
    flash("You were seen")
    return ""


@app.get("/flashed")
def read_messages():
    return get_flashed_messages()


@app.get("/names")
def names():
    return render_template_string(
        "{{ config.SECRET_KEY == 'key' }} {{ request.path }} {{ session.user or 'nobody' }}"
        " {{ g.colour }} {{ url_for('string') }} {{ get_flashed_messages() }}"
    )
