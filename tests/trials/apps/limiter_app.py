"""Two requests an hour for one view, more for another, any number for a third."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

app = Flask(__name__)
limiter = Limiter(
    get_remote_address,
    app=app,
    default_limits=["5 per hour"],
    storage_uri="memory://",
    headers_enabled=True,
)


@app.get("/few")
@limiter.limit("2 per hour")
def few():
    return "few"


@app.get("/default")
def default():
    return "default"


@app.get("/exempt")
@limiter.exempt
def exempt():
    return "exempt"


@app.errorhandler(429)
def too_many(error):
    return f"Slow down: {error.description}", 429
