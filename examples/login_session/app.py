"""Login: a signed session cookie, redirects, flashed messages and escaped input."""

import os
import secrets
from functools import wraps

from asyncflask import Flask, flash, redirect, render_template, request, session, url_for
from asyncflask.security import check_password_hash, generate_password_hash

USERS = {
    "ada": generate_password_hash("lovelace"),
    "grace": generate_password_hash("hopper"),
}
# Unknown names are checked against this, so that they take as long as known ones.
NOBODY = generate_password_hash(secrets.token_hex())

app = Flask(__name__)
app.config.from_mapping(
    # A key of its own for each start ends all sessions with the server: a real one is kept.
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
    SESSION_COOKIE_SAMESITE="Lax",
)


def login_required(view):
    """Send visitors who are not logged in to the login page, and back here afterwards."""

    @wraps(view)
    def view_for_users(**kwargs):
        if "user" not in session:
            session["next"] = url_for(request.endpoint, **kwargs)
            flash("Please log in first.")
            return redirect(url_for("login"))
        # Where the view is async, this is a coroutine, and it is awaited as the view's would be.
        return view(**kwargs)

    return view_for_users


@app.get("/")
def index():
    session["visits"] = session.get("visits", 0) + 1
    return render_template("index.html")


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return render_template("login.html")

    user, password = request.form["user"].strip().lower(), request.form["password"]
    if not check_password_hash(USERS.get(user, NOBODY), password):
        flash("That is not a name and password that belong together.", "error")
        return render_template("login.html"), 401

    target = session.get("next") or url_for("profile")
    session.clear()
    session["user"] = session["nickname"] = user
    flash("You are logged in.")
    return redirect(target)


@app.post("/logout")
def logout():
    session.clear()
    flash("You are logged out.")
    return redirect(url_for("index"))


@app.get("/profile")
@login_required
async def profile():
    return render_template("profile.html")


@app.post("/profile")
@login_required
async def rename():
    """The nickname may be any text at all: the templates escape it."""
    session["nickname"] = request.form["nickname"].strip()[:80] or session["user"]
    flash(f"From now on you are {session['nickname']}.")
    return redirect(url_for("profile"))
