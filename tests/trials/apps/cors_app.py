"""An API that pages of one other origin may ask."""

from flask import Flask, abort
from flask_cors import CORS, cross_origin

app = Flask(__name__)
CORS(app, resources={r"/api/*": {"origins": "https://friend.example", "max_age": 600}})


@app.route("/api/thing", methods=["GET", "PUT"])
def thing():
    return {"thing": 1}


@app.get("/api/missing")
def missing():
    abort(404)


@app.get("/own")
@cross_origin()
def own():
    return "own"


@app.get("/closed")
def closed():
    return "closed"
