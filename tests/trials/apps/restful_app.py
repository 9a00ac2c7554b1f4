"""Tasks as REST resources."""

from flask import Flask
from flask_restful import Api, Resource, abort, fields, marshal_with, reqparse

app = Flask(__name__)
api = Api(app)
tasks = {1: {"id": 1, "text": "weave"}}
parser = reqparse.RequestParser()
parser.add_argument("text", required=True, help="What is to be done?")


class Tasks(Resource):
    def get(self):
        return list(tasks.values())

    def post(self):
        task = {"id": len(tasks) + 1, "text": parser.parse_args()["text"]}
        tasks[task["id"]] = task
        return task, 201, {"X-Task": str(task["id"])}


class Task(Resource):
    @marshal_with({"text": fields.String, "uri": fields.Url("task")})
    def get(self, id):
        return tasks[id] if id in tasks else abort(404, message=f"No task {id}")

    def delete(self, id):
        del tasks[id]
        return "", 204


api.add_resource(Tasks, "/tasks")
api.add_resource(Task, "/tasks/<int:id>", endpoint="task")
