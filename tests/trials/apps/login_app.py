"""Users who log in, are remembered, and log out."""

from flask import Flask, request
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    fresh_login_required,
    login_required,
    login_user,
    logout_user,
)

app = Flask(__name__)
app.secret_key = "trial"
login_manager = LoginManager(app)
login_manager.login_view = "login"


class User(UserMixin):
    def __init__(self, id):
        self.id = id


@login_manager.user_loader
def load_user(user_id):
    return User(user_id) if user_id == "ada" else None


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return "Who are you?"
    login_user(User(request.form["name"]), remember="remember" in request.form)
    return f"Welcome, {current_user.id}!"


@app.get("/")
@login_required
def index():
    return f"Hello, {current_user.id}!"


@app.get("/fresh")
@fresh_login_required
def fresh():
    return "fresh"


@app.get("/logout")
def logout():
    logout_user()
    return f"anonymous: {current_user.is_anonymous}"
