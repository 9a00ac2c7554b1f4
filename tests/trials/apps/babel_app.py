"""Dates and numbers in the language that the browser asks for."""

from datetime import date, datetime

from flask import Flask, render_template_string, request
from flask_babel import Babel, force_locale, format_date, format_datetime, get_locale, gettext

app = Flask(__name__)


def choose_locale():
    return request.accept_languages.best_match(["en", "de", "fr"])


babel = Babel(app, locale_selector=choose_locale, timezone_selector=lambda: "Europe/Vienna")


@app.get("/date")
def show_date():
    return format_date(date(2024, 3, 1), "long")


@app.get("/time")
def show_time():
    return format_datetime(datetime(2024, 7, 1, 12, 0), "short")


@app.get("/forced")
def forced():
    with force_locale("fr"):
        return f"{get_locale()} {format_date(date(2024, 3, 1), 'long')}"


@app.get("/page")
def page():
    return render_template_string("{{ 1234.5|numberformat }} {{ _('hello') }} " + gettext("you"))
