"""Models in SQLite, for the pages' `User`, `Story` and `db`: the smallest that behave so."""

import sqlite3

from flask import abort

connection = sqlite3.connect(":memory:", check_same_thread=False)


class Query:
    def __init__(self, model):
        self.model = model

    def all(self):
        rows = connection.execute(f"select id, name from {self.model.table} order by id")
        return [self.model(*row) for row in rows]

    def get_or_404(self, id):
        found = [item for item in self.all() if item.id == id]
        return found[0] if found else abort(404)


class Model:
    def __init_subclass__(cls):
        cls.table = cls.__name__.lower()
        cls.query = Query(cls)
        connection.execute(f"create table {cls.table} (id integer primary key, name text)")

    def __init__(self, id, name):
        self.id = id
        self.name = name

    @classmethod
    def from_json(cls, data):
        return cls(None, data["name"])

    def to_json(self):
        return {"id": self.id, "name": self.name}

    def update_from_json(self, data):
        self.name = data["name"]
        connection.execute(f"update {self.table} set name = ? where id = ?", (self.name, self.id))


class User(Model):
    pass


class Story(Model):
    pass


class Session:
    def add(self, item):
        sql = f"insert into {item.table} (name) values (?)"
        item.id = connection.execute(sql, (item.name,)).lastrowid

    def delete(self, item):
        connection.execute(f"delete from {item.table} where id = ?", (item.id,))

    def commit(self):
        connection.commit()


class db:
    session = Session()


class Validator:
    def validate(self, *item_and_data):
        return {} if "name" in item_and_data[-1] else {"name": "is missing"}


def generate_validator(model, create=False):
    return Validator()


def add(model, *names):
    for name in names:
        db.session.add(model(None, name))
