"""The background jobs example: orders, progress, errors, and the end of the server."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "reports"


@pytest.fixture
def app(load, folder):
    app = load("background_jobs").app
    app.config.update(REPORT_FOLDER=folder, SECONDS_A_PAGE=0.001)
    return app


@pytest.fixture
def client(app):
    with app.test_client() as client:
        yield client


def order(client, title="Tea", pages=3, **fields):
    """Order a report; gives the URL of its job."""
    answer = client.post("/jobs", json={"title": title, "pages": pages, **fields})
    assert answer.status_code == 202
    return answer.headers["location"]


def watch(ask, *states):
    """Ask for a job until it is in one of the states; gives it."""
    job = ask()
    while job["state"] not in states:
        job = ask()
    return job


def test_the_page(client):
    """The page has a form, and knows where the jobs are."""
    page = client.get("/").text

    assert 'action="/jobs"' in page
    assert 'data-url="/jobs"' in page


def test_an_order(client):
    """An order is accepted at once, with where its job is."""
    answer = client.post("/jobs", json={"title": " Tea ", "pages": 3})

    assert answer.status_code == 202
    assert answer.headers["location"] == "/jobs/1"
    assert answer.json["title"] == "Tea"
    assert answer.json["report"] is None


def test_a_report_is_written(client):
    """The job ends as done, and the report can be fetched."""
    url = order(client, "Tea", 3)

    job = watch(lambda: client.get(url).json, "done")
    report = client.get(job["report"])

    assert (job["written"], job["error"]) == (3, None)
    assert report.text.split("\f")[2] == "Tea, page 3 of 3\n"


def test_progress(app, client):
    """While a report is written, the job says how far it is."""
    app.config["SECONDS_A_PAGE"] = 0.01
    url = order(client, pages=50)

    job = watch(lambda: client.get(url).json, "writing")

    assert job["written"] < job["pages"] == 50


def test_jobs_are_listed(client):
    """The newest comes first."""
    order(client, "Tea")
    order(client, "Cups")

    assert [job["title"] for job in client.get("/jobs").json] == ["Cups", "Tea"]


def test_a_report_that_fails(client, caplog):
    """The job tells the reason, the log has the traceback, and the next report is written."""
    hopeless = order(client, "Nothing", 4, is_hopeless=True)
    good = order(client, "Tea")

    watch(lambda: client.get(good).json, "done")
    job = client.get(hopeless).json

    assert (job["state"], job["written"]) == ("failed", 2)
    assert job["error"] == "There is nothing to be said on page 3."
    assert [record.getMessage() for record in caplog.records] == ["Report 1 has failed"]


@pytest.mark.parametrize(
    "fields",
    [{}, {"title": " ", "pages": 1}, {"title": "Tea", "pages": 0}, {"title": "Tea", "pages": "3"}],
)
def test_orders_that_are_refused(client, fields):
    """What is no order is a 400, and no job."""
    answer = client.post("/jobs", json=fields)

    assert answer.status_code == 400
    assert client.get("/jobs").json == []


@pytest.mark.parametrize("url", ["/jobs/7", "/reports/7.txt", "/reports/..%2fapp.txt"])
def test_what_is_not_there(client, url):
    """An unknown job or report is a 404."""
    assert client.get(url).status_code == 404


def test_the_end_of_the_app(app, folder):
    """The report that is being written is finished and saved; those that wait are cancelled."""
    app.config["SECONDS_A_PAGE"] = 0.02

    with app.test_client() as client:
        first, _ = order(client, pages=3), order(client)
        watch(lambda: client.get(first).json, "writing")

    assert [job.state for job in app.state.jobs.values()] == ["done", "cancelled"]
    assert [path.name for path in folder.iterdir()] == ["1.txt"]


def test_the_end_of_a_long_report(app, folder):
    """A report that would take too long is cancelled too."""
    app.config.update(SECONDS_A_PAGE=60, SECONDS_TO_FINISH=0.01)

    with app.test_client() as client:
        url = order(client)
        watch(lambda: client.get(url).json, "writing")

    assert app.state.jobs[1].state == "cancelled"
    assert not folder.exists()


def test_on_a_real_server(serve, folder):
    """The README's command writes a report."""
    client = serve("background_jobs", FLASK_REPORT_FOLDER=folder, FLASK_SECONDS_A_PAGE=0.01)

    url = order(client)
    job = watch(lambda: client.get(url).json(), "done")

    assert client.get(job["report"]).text.startswith("Tea, page 1 of 3")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_end_of_a_real_server(serve_until, folder, stop):
    """A signal while reports are in flight: one is finished, the others are not begun."""
    settings = {"FLASK_REPORT_FOLDER": folder, "FLASK_SECONDS_A_PAGE": 0.1}

    with serve_until(stop, "background_jobs", **settings) as client:
        first, _ = order(client, pages=5), order(client)
        watch(lambda: client.get(first).json(), "writing")

    assert [path.name for path in folder.iterdir()] == ["1.txt"]
