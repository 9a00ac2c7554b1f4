"""The site as it was: a Flask application. It still has everything that has not moved."""

import os
import secrets

from board import board
from flask import Flask, flash, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash, generate_password_hash

USERS = {
    "ada": generate_password_hash("lovelace"),
    "grace": generate_password_hash("hopper"),
}
# Unknown names are checked against this, so that they take as long as known ones.
NOBODY = generate_password_hash(secrets.token_hex())

old_site = Flask(__name__)
old_site.config.from_mapping(
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
    SESSION_COOKIE_SAMESITE="Lax",
)


@old_site.get("/")
def index():
    return render_template("index.html", notes=board.notes())


@old_site.post("/notes")
def add_note():
    if "user" not in session:
        flash("Please log in first.")
        return redirect(url_for("login"))
    if text := request.form["text"].strip():
        board.add(session["user"], text[:200])
    return redirect(url_for("index"))


@old_site.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return render_template("login.html")
    user = request.form["user"].strip().lower()
    if not check_password_hash(USERS.get(user, NOBODY), request.form["password"]):
        flash("That is not a name and password that belong together.")
        return render_template("login.html"), 401
    session["user"] = user
    return redirect(url_for("index"))


@old_site.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("index"))
