"""A form with its CSRF token, and a JSON view without one."""

from flask import Flask, jsonify, render_template_string
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError, CSRFProtect
from flask_wtf.file import FileAllowed, FileField
from wtforms import StringField
from wtforms.validators import DataRequired

app = Flask(__name__)
app.config["SECRET_KEY"] = "trial"
csrf = CSRFProtect(app)


class NameForm(FlaskForm):
    name = StringField("name", validators=[DataRequired()])
    picture = FileField("picture", validators=[FileAllowed(["png"], "Pictures only!")])


@app.route("/", methods=["GET", "POST"])
def index():
    form = NameForm()
    if form.validate_on_submit():
        return f"Hello, {form.name.data}!"
    return render_template_string(
        "<form method=post>{{ form.csrf_token }}{{ form.name }}</form>{{ form.errors }}", form=form
    )


@app.post("/plain")
def plain():
    return "posted"


@app.post("/exempt")
@csrf.exempt
def exempt():
    return jsonify(posted=True)


@app.errorhandler(CSRFError)
def explain(error):
    return f"CSRF: {error.description}", 400
