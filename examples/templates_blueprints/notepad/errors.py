"""Error pages in the look of the others."""

from asyncflask import render_template


def show_error(error):
    return render_template("error.html", error=error), error.code


def init_app(app):
    for code in (400, 404, 405, 500):
        app.register_error_handler(code, show_error)
