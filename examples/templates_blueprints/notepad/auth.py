"""Accounts: register, log in, log out, and who is asking."""

import secrets
import sqlite3
from functools import wraps

from asyncflask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from asyncflask.security import check_password_hash, generate_password_hash

from .db import get_db

PASSWORD_LENGTH = 8

blueprint = Blueprint("auth", __name__, url_prefix="/auth")

# Unknown names are checked against this, so that they take as long as known ones.
NOBODY = {"password": generate_password_hash(secrets.token_hex())}


@blueprint.before_app_request
def load_user():
    g.user = None
    if "user_id" in session:
        query = "SELECT id, name FROM user WHERE id = ?"
        g.user = get_db().execute(query, [session["user_id"]]).fetchone()


def login_required(view):
    """Send visitors who are not logged in to the login page."""

    @wraps(view)
    def view_for_users(**kwargs):
        if g.user is None:
            return redirect(url_for("auth.login"))
        return view(**kwargs)

    return view_for_users


@blueprint.route("/register", methods=["GET", "POST"])
def register():
    if request.method == "GET":
        return render_template("auth/register.html")

    name, password = request.form["name"].strip(), request.form["password"]
    if problem := add_user(name, password):
        flash(problem, "error")
        return render_template("auth/register.html"), 422

    flash(f"Welcome, {name}. Now log in.")
    return redirect(url_for("auth.login"))


def add_user(name, password):
    """Add a user; gives None, or what is wrong."""
    if not name:
        return "A name is needed."
    if len(password) < PASSWORD_LENGTH:
        return f"A password has at least {PASSWORD_LENGTH} characters."
    try:
        with get_db() as db:
            query = "INSERT INTO user (name, password) VALUES (?, ?)"
            db.execute(query, [name, generate_password_hash(password)])
    except sqlite3.IntegrityError:
        return f"The name {name} is taken."
    return None


@blueprint.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return render_template("auth/login.html")

    query = "SELECT id, password FROM user WHERE name = ?"
    user = get_db().execute(query, [request.form["name"].strip()]).fetchone()
    if not check_password_hash((user or NOBODY)["password"], request.form["password"]):
        flash("That is not a name and password that belong together.", "error")
        return render_template("auth/login.html"), 401

    session.clear()
    session["user_id"] = user["id"]
    return redirect(url_for("notes.index"))


@blueprint.post("/logout")
def logout():
    session.clear()
    flash("You are logged out.")
    return redirect(url_for("auth.login"))
