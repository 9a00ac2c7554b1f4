"""Views and functions that are computed once."""

from flask import Flask
from flask_caching import Cache

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)
calls = {"view": 0, "function": 0, "query": 0}


@app.get("/view")
@cache.cached(timeout=60)
def view():
    calls["view"] += 1
    return f"view {calls['view']}"


@app.get("/query")
@cache.cached(timeout=60, query_string=True)
def query():
    calls["query"] += 1
    return f"query {calls['query']}"


@cache.memoize(60)
def double(number):
    calls["function"] += 1
    return number * 2


@app.get("/double/<int:number>")
def show_double(number):
    return f"{double(number)} after {calls['function']}"


@app.post("/clear")
def clear():
    cache.clear()
    return "cleared"
