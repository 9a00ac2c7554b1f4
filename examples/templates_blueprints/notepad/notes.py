"""Notes: everybody sees and changes their own."""

from asyncflask import Blueprint, abort, flash, g, redirect, render_template, request, url_for

from .auth import login_required
from .db import get_db

blueprint = Blueprint("notes", __name__)


@blueprint.get("/")
@login_required
def index():
    query = "SELECT * FROM note WHERE user_id = ? ORDER BY changed DESC, id DESC"
    return render_template("notes/index.html", notes=get_db().execute(query, [g.user["id"]]))


@blueprint.get("/new")
@login_required
def new():
    return render_template("notes/edit.html", note=None)


@blueprint.post("/new")
@login_required
def create():
    with get_db() as db:
        query = "INSERT INTO note (user_id, title, body) VALUES (?, ?, ?)"
        db.execute(query, [g.user["id"], *read_form()])
    flash("Noted.")
    return redirect(url_for("notes.index"))


@blueprint.get("/<int:note_id>")
@login_required
def edit(note_id):
    return render_template("notes/edit.html", note=find_note(note_id))


@blueprint.post("/<int:note_id>")
@login_required
def update(note_id):
    find_note(note_id)
    with get_db() as db:
        query = "UPDATE note SET title = ?, body = ?, changed = CURRENT_TIMESTAMP WHERE id = ?"
        db.execute(query, [*read_form(), note_id])
    flash("Changed.")
    return redirect(url_for("notes.index"))


@blueprint.post("/<int:note_id>/delete")
@login_required
def delete(note_id):
    find_note(note_id)
    with get_db() as db:
        db.execute("DELETE FROM note WHERE id = ?", [note_id])
    flash("Deleted.")
    return redirect(url_for("notes.index"))


def find_note(note_id):
    """The user's own note; 404 for another's, as for one that does not exist."""
    query = "SELECT * FROM note WHERE id = ? AND user_id = ?"
    note = get_db().execute(query, [note_id, g.user["id"]]).fetchone()
    return note or abort(404)


def read_form():
    """Title and body; a note without a title is called after its first line."""
    title, body = request.form["title"].strip(), request.form["body"].strip()
    first_line, _, _ = body.partition("\n")
    return title or first_line.strip()[:60] or "Untitled", body
