"""The notepad, ready to run: makes its tables at the first start."""

from notepad import create_app
from notepad.db import init_db

app = create_app()

with app.app_context():
    init_db()
