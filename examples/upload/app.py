"""Upload: a page that takes files, lists them and gives them back."""

import itertools
import os
import secrets
from pathlib import Path

from asyncflask import (
    Flask,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from asyncflask.utils import secure_filename

app = Flask(__name__)
app.config.from_mapping(
    SECRET_KEY=secrets.token_hex(),
    SESSION_COOKIE_SAMESITE="Lax",
    MAX_CONTENT_LENGTH=8 * 1024 * 1024,
    UPLOAD_FOLDER=os.path.join(app.instance_path, "uploads"),
)
# FLASK_UPLOAD_FOLDER, FLASK_MAX_CONTENT_LENGTH … in the environment go before these.
app.config.from_prefixed_env()


@app.get("/")
def index():
    newest_first = sorted(
        upload_folder().iterdir(), key=lambda path: path.stat().st_mtime, reverse=True
    )
    files = [{"name": path.name, "size": path.stat().st_size} for path in newest_first]
    return render_template("index.html", files=files)


@app.post("/")
def upload():
    chosen = [file for file in request.files.getlist("files") if file.filename]
    if not chosen:
        flash("Choose a file first.", "error")
    for file in chosen:
        store(file)
    return redirect(url_for("index"))


@app.get("/files/<name>")
def download(name):
    # As an attachment: a page that somebody uploaded must not run as one of ours.
    return send_from_directory(upload_folder(), name, as_attachment=True)


@app.post("/files/<name>/delete")
def delete(name):
    path = upload_folder() / secure_filename(name)
    if not path.is_file():
        abort(404)
    path.unlink()
    flash(f"{path.name} is deleted.")
    return redirect(url_for("index"))


@app.errorhandler(413)
def too_large(error):
    return render_template("too_large.html"), 413


def upload_folder():
    folder = Path(app.config["UPLOAD_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def store(file):
    """Save an upload under its own name, made safe, or with a number where that is taken."""
    name = secure_filename(file.filename)
    if not name:
        flash(f"{file.filename!r} is no name for a file.", "error")
        return

    for candidate in names_like(name):
        try:
            # "x" fails where the file exists, also if another request made it just now.
            with open(upload_folder() / candidate, "xb") as target:
                file.save(target)
        except FileExistsError:
            continue
        flash(f"{candidate} is uploaded.")
        return


def names_like(name):
    """For `tea.txt`: `tea.txt`, `tea-2.txt`, `tea-3.txt` …"""
    path = Path(name)
    yield name
    for number in itertools.count(2):
        yield f"{path.stem}-{number}{path.suffix}"
