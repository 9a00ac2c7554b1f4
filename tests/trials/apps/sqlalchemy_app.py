"""Notes in a database, made, listed in pages and read."""

from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///notes.db"
db.init_app(app)


class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)


with app.app_context():
    db.drop_all()
    db.create_all()


@app.post("/notes")
def add():
    note = Note(text=request.json["text"])
    db.session.add(note)
    db.session.commit()
    return {"id": note.id}, 201


@app.get("/notes")
def notes():
    page = db.paginate(db.select(Note).order_by(Note.id), per_page=2)
    return {"items": [note.text for note in page], "pages": page.pages, "total": page.total}


@app.get("/notes/<int:id>")
def note(id):
    return {"text": db.get_or_404(Note, id).text}
