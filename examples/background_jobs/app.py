"""Background jobs: a page that orders reports, and a worker that writes them one by one."""

import itertools
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio

from asyncflask import Flask, abort, render_template, request, send_from_directory, url_for

app = Flask(__name__)
app.config.from_mapping(
    REPORT_FOLDER=os.path.join(app.instance_path, "reports"),
    SECONDS_A_PAGE=0.5,
    SECONDS_TO_FINISH=5,
)
# FLASK_REPORT_FOLDER, FLASK_SECONDS_A_PAGE … in the environment go before these.
app.config.from_prefixed_env()


@dataclass
class Job:
    """A report that was ordered."""

    id: int
    title: str
    pages: int
    is_hopeless: bool = False
    written: int = 0
    state: str = "waiting"  # then writing, saving, done; or failed, or cancelled
    error: str | None = None


@app.while_serving
async def run_worker():
    app.state.jobs = {}
    app.state.ids = itertools.count(1)
    app.state.orders, queue = anyio.create_memory_object_stream(math.inf)
    async with queue, anyio.create_task_group() as tasks:
        tasks.start_soon(work_off, queue)
        yield
        app.state.orders.close()
        # The report that is being written may be finished, if that does not take too long.
        tasks.cancel_scope.deadline = anyio.current_time() + app.config["SECONDS_TO_FINISH"]


async def work_off(queue):
    """The worker: writes what is in the queue, whatever happens to any of it."""
    async for job in queue:
        if app.shutdown_event.is_set():
            job.state = "cancelled"
            continue
        try:
            text = await write(job)
        except anyio.get_cancelled_exc_class():
            job.state = "cancelled"
            raise
        except Exception as error:
            app.logger.exception("Report %d has failed", job.id)
            job.state, job.error = "failed", str(error)
        else:
            job.state = "saving"
            app.add_background_task(save, job, text)


async def write(job):
    """The report's text, page by page."""
    job.state = "writing"
    pages = []
    for number in range(1, job.pages + 1):
        await anyio.sleep(app.config["SECONDS_A_PAGE"])  # as slow as what it waits for
        if job.is_hopeless and number > job.pages / 2:
            raise RuntimeError(f"There is nothing to be said on page {number}.")
        pages.append(f"{job.title}, page {number} of {job.pages}\n")
        job.written = number
    return "\f".join(pages)


def save(job, text):
    """Put a report on the disk: this may block, so it is no `async def`."""
    folder = Path(app.config["REPORT_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{job.id}.txt").write_text(text, "utf-8")
    job.state = "done"


@app.get("/")
async def index():
    return render_template("index.html")


@app.get("/jobs")
async def list_jobs():
    return [describe(job) for job in reversed(app.state.jobs.values())]


@app.post("/jobs")
async def order():
    title, pages = request.json.get("title"), request.json.get("pages")
    if not isinstance(title, str) or not title.strip():
        abort(400, "A report needs a title.")
    if not isinstance(pages, int) or not 1 <= pages <= 50:
        abort(400, "A report has 1 to 50 pages.")

    job = Job(next(app.state.ids), title.strip(), pages, bool(request.json.get("is_hopeless")))
    app.state.jobs[job.id] = job
    app.state.orders.send_nowait(job)
    return describe(job), 202, {"Location": url_for("show_job", job_id=job.id)}


@app.get("/jobs/<int:job_id>")
async def show_job(job_id):
    return describe(app.state.jobs.get(job_id) or abort(404))


@app.get("/reports/<int:job_id>.txt")
def download(job_id):
    return send_from_directory(app.config["REPORT_FOLDER"], f"{job_id}.txt", as_attachment=True)


def describe(job):
    """A job as JSON, with where its report is once there is one."""
    report = url_for("download", job_id=job.id) if job.state == "done" else None
    return asdict(job) | {"report": report}
