"""REST: a JSON API made of class-based views with async methods; its errors are JSON too."""

import itertools

from asyncflask import Flask, abort, json, request, url_for
from asyncflask.exceptions import HTTPException
from asyncflask.views import MethodView


class Tasks:
    """Keeps tasks in memory. Its methods are async, as those of a database would be."""

    def __init__(self):
        self._tasks = {}
        self._ids = itertools.count(1)

    async def all(self):
        return list(self._tasks.values())

    async def get(self, task_id):
        """The task, or None."""
        return self._tasks.get(task_id)

    async def add(self, fields):
        task = {"id": next(self._ids), **fields}
        self._tasks[task["id"]] = task
        return task

    async def update(self, task_id, fields):
        self._tasks[task_id] |= fields
        return self._tasks[task_id]

    async def remove(self, task_id):
        del self._tasks[task_id]


class TaskList(MethodView):
    """/tasks: list and add."""

    init_every_request = False

    def __init__(self, tasks):
        self.tasks = tasks

    async def get(self):
        tasks = await self.tasks.all()
        wanted = {"true": True, "false": False}.get(request.args.get("done"))
        return [task for task in tasks if wanted in (None, task["done"])]

    async def post(self):
        task = await self.tasks.add({"done": False, **read_fields(required={"title"})})
        return task, 201, {"Location": url_for("task", task_id=task["id"])}


class TaskItem(MethodView):
    """/tasks/1: show, replace, change and remove."""

    init_every_request = False

    def __init__(self, tasks):
        self.tasks = tasks

    async def get(self, task_id):
        return await self._find(task_id)

    async def put(self, task_id):
        await self._find(task_id)
        return await self.tasks.update(task_id, read_fields(required={"title", "done"}))

    async def patch(self, task_id):
        await self._find(task_id)
        return await self.tasks.update(task_id, read_fields())

    async def delete(self, task_id):
        await self._find(task_id)
        await self.tasks.remove(task_id)
        return "", 204

    async def _find(self, task_id):
        task = await self.tasks.get(task_id)
        if task is None:
            abort(404, f"There is no task {task_id}.")
        return task


FIELDS = {"title": str, "done": bool}


def read_fields(required=frozenset()):
    """The fields of a task in the request's JSON; answers 415 or 400 where it is not that."""
    fields = request.get_json()
    if not isinstance(fields, dict):
        abort(400, "Send a JSON object.")
    if missing := required - fields.keys():
        abort(400, f"Missing: {', '.join(sorted(missing))}.")

    for name, value in fields.items():
        if name not in FIELDS:
            abort(400, f"A task has no {name!r}.")
        if not isinstance(value, FIELDS[name]):
            abort(400, f"{name!r} must be of type {FIELDS[name].__name__}.")
    return fields


def error_as_json(error):
    # The error's own response has the headers that belong to it, such as Allow with 405.
    response = error.get_response()
    response.data = json.dumps(
        {"error": {"code": error.code, "name": error.name, "description": error.description}}
    )
    response.content_type = "application/json"
    return response


def create_app():
    app = Flask(__name__)
    tasks = Tasks()
    app.add_url_rule("/tasks", view_func=TaskList.as_view("tasks", tasks))
    app.add_url_rule("/tasks/<int:task_id>", view_func=TaskItem.as_view("task", tasks))
    app.register_error_handler(HTTPException, error_as_json)

    @app.get("/")
    async def index():
        return {"tasks": url_for("tasks")}

    return app


app = create_app()
