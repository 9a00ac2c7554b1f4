"""The code samples of Flask's quickstart, with only the import changed; and as `async def`.

The samples are in samples/quickstart, one file each, in the page's order here. They are code from
Flask's documentation (Copyright 2010 Pallets, BSD-3-Clause). What the page leaves out is filled
in: a `return` for its ellipses, a folder of the test's for /var/www/uploads, and the functions
that it only names (`do_the_login` and kin), which the tests pass in.

Not runnable, so not here: the shell commands (running the server, with --debug, with --host,
making a secret key), the trees of files where templates are looked for, and the output that
belongs to the URL building sample, which its test expects.
"""

from __future__ import annotations

import doctest
import logging
from io import BytesIO

import pytest


def test_minimal_application(load):
    """The view's text is sent as HTML."""
    client = load("quickstart/minimal.py").app.test_client()

    response = client.get("/")

    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert response.text == "<p>Hello, World!</p>"


def test_escaping(load):
    """A name from the query is shown as text and runs no script."""
    client = load("quickstart/escaping.py").app.test_client()

    response = client.get("/hello", query_string={"name": '<script>alert("bad")</script>'})

    assert client.get("/hello").text == "Hello, Flask!"
    assert response.text == "Hello, &lt;script&gt;alert(&#34;bad&#34;)&lt;/script&gt;!"


def test_routing(load):
    """Each URL has its function."""
    client = load("quickstart/routing.py").app.test_client()

    texts = [client.get("/").text, client.get("/hello").text]

    assert texts == ["Index Page", "Hello, World"]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/user/ada", 200, "User ada"),
        ("/user/<b>", 200, "User &lt;b&gt;"),
        ("/post/7", 200, "Post 7"),
        ("/post/seven", 404, None),
        ("/path/a/b/c", 200, "Subpath a/b/c"),
    ],
)
def test_variable_rules(load, path, status, text):
    """Parts of the URL come as arguments, converted, or the rule does not match."""
    client = load("quickstart/variable_rules.py").app.test_client()

    response = client.get(path)

    assert response.status_code == status
    assert text in {None, response.text}


def test_unique_urls(load):
    """A missing slash is redirected to the URL with it; a slash too many is not found."""
    client = load("quickstart/unique_urls.py").app.test_client()

    redirected, found, missing = map(client.get, ["/projects", "/about", "/about/"])

    assert (redirected.status_code, redirected.location) == (308, "http://localhost/projects/")
    assert client.get("/projects", follow_redirects=True).text == "The project page"
    assert (found.text, missing.status_code) == ("The about page", 404)


def test_url_building(load, capsys):
    """URLs are built from endpoints, unknown arguments go to the query, and all is escaped."""
    load("quickstart/url_building.py")

    printed = capsys.readouterr().out.splitlines()

    assert printed == ["/", "/login", "/login?next=/", "/user/John%20Doe"]


@pytest.mark.parametrize("sample", ["http_methods", "method_shortcuts"])
def test_http_methods(load, sample):
    """Each method has its answer; HEAD and OPTIONS come by themselves."""
    module = load(
        f"quickstart/{sample}.py",
        do_the_login=lambda: "welcome",
        show_the_login_form=lambda: "the form",
    )
    client = module.app.test_client()

    got, posted = client.get("/login"), client.post("/login")
    head, options = client.head("/login"), client.options("/login")

    assert (got.text, posted.text) == ("the form", "welcome")
    assert (head.status_code, head.data, head.content_length) == (200, b"", 8)
    assert {"GET", "HEAD", "OPTIONS"} <= set(options.allow)
    assert client.put("/login").status_code == 405


def test_static_files(load):
    """The "static" endpoint's URL serves the file beside the module."""
    app = load("quickstart/routing.py").app
    with app.test_request_context():
        url = load("quickstart/static_files.py", app=app).url

    with app.test_client().get(url) as response:
        text = response.text

    assert url == "/static/style.css"
    assert (response.mimetype, text) == ("text/css", "body { color: black }\n")


@pytest.mark.parametrize(
    ("path", "greeting"),
    [
        ("/hello/", "<h1>Hello, World!</h1>"),
        ("/hello/Ada", "<h1>Hello Ada!</h1>"),
        ("/hello/<b>", "<h1>Hello &lt;b&gt;!</h1>"),
    ],
)
def test_templates(load, path, greeting):
    """A template beside the module is rendered, with what it is given escaped."""
    client = load("quickstart/templates.py").app.test_client()

    response = client.get(path)

    assert greeting in response.text


def test_markup(request):
    """The page's Markup session gives what it prints."""
    path = request.path.parent / "samples/quickstart/markup.txt"

    result = doctest.testfile(str(path), module_relative=False)

    assert (result.failed, result.attempted) == (0, 4)


def test_bound_request(load):
    """In a block of test_request_context the request is the one that was described."""
    module = load("quickstart/bound_request.py")

    assert not module.request


def test_request_context_of_environ(load, package):
    """A request's whole environment, as a builder makes it, can be bound too."""
    app = load("quickstart/routing.py").app
    environ = package.testing.EnvironBuilder(app, "/", method="POST").get_environ()

    module = load("quickstart/request_context.py", app=app, environ=environ)

    assert not module.request


def test_request_form(load):
    """The form's fields are there in the view; a missing one is a bad request."""
    module = load(
        "quickstart/request_form.py",
        valid_login=lambda username, password: (username, password) == ("ada", "secret"),
        log_the_user_in=lambda username: f"welcome {username}",
    )
    client = module.app.test_client()

    right = client.post("/login", data={"username": "ada", "password": "secret"})
    wrong = client.post("/login", data={"username": "ada", "password": "guess"})
    incomplete = client.post("/login", data={"username": "ada"})

    assert "Please log in" in client.get("/login").text
    assert (right.text, incomplete.status_code) == ("welcome ada", 400)
    assert "Invalid username/password" in wrong.text


@pytest.mark.parametrize(("url", "word"), [("/?key=flask", "flask"), ("/", "")])
def test_request_args(load, url, word):
    """A parameter of the query is read with a default."""
    app = load("quickstart/routing.py").app

    with app.test_request_context(url):
        module = load("quickstart/request_args.py", app=app)

    assert module.searchword == word


def test_upload(load, tmp_path):
    """An uploaded file is saved on the server."""
    client = load("quickstart/upload.py", uploads=tmp_path).app.test_client()

    response = client.post("/upload", data={"the_file": (BytesIO(b"content"), "notes.txt")})

    assert response.status_code == 200
    assert (tmp_path / "uploaded_file.txt").read_bytes() == b"content"


def test_upload_with_secured_name(load, tmp_path):
    """The client's file name is used once it is made harmless."""
    client = load("quickstart/upload_secure_name.py", uploads=tmp_path).app.test_client()
    data = {"the_file": (BytesIO(b"content"), "../../etc/my notes.txt")}

    client.post("/upload", data=data)

    assert [path.name for path in tmp_path.iterdir()] == ["etc_my_notes.txt"]


def test_cookies_are_stored_and_read(load):
    """A cookie that one view sets, another reads."""
    storing = load("quickstart/cookies_store.py").app.test_client()
    reading = load("quickstart/cookies_read.py").app.test_client()

    response = storing.get("/")
    reading.set_cookie("username", storing.get_cookie("username").decoded_value)

    assert response.headers["Set-Cookie"] == 'username="the username"; Path=/'
    assert reading.get("/").text == "the username"


def test_missing_cookie(load):
    """A cookie that was not sent is None."""
    client = load("quickstart/cookies_read.py").app.test_client()

    response = client.get("/")

    assert response.text == "None"


def test_redirect_and_abort(load):
    """The index leads to the login, which ends at the abort."""
    client = load("quickstart/redirects.py").app.test_client()

    redirected = client.get("/")
    followed = client.get("/", follow_redirects=True)

    assert (redirected.status_code, redirected.location) == (302, "/login")
    assert (followed.status_code, followed.request.path) == (401, "/login")


@pytest.mark.parametrize(
    ("sample", "text"),
    [
        ("error_page", "<h1>This page does not exist</h1>"),
        ("error_tuple", "<h1>An error page</h1>"),
        ("error_response", "<h1>An error page</h1>"),
    ],
)
def test_error_pages(load, sample, text):
    """The handler's page is sent, with the status that it gives."""
    client = load(f"quickstart/{sample}.py").app.test_client()

    response = client.get("/nowhere")

    assert (response.status_code, response.text.strip()) == (404, text)
    assert (response.headers.get("X-Something") == "A value") == (sample == "error_response")


class User:
    def __init__(self, username, theme, image):
        self.username, self.theme, self.image = username, theme, image

    def to_json(self):
        return {"username": self.username}


def test_json_api(load):
    """A dict and a list become JSON."""
    ada = User("ada", "dark", "ada.png")
    module = load(
        "quickstart/json_api.py", get_current_user=lambda: ada, get_all_users=lambda: [ada]
    )
    module.app.add_url_rule("/images/<filename>", "user_image", build_only=True)
    client = module.app.test_client()

    me, users = client.get("/me"), client.get("/users")

    assert me.mimetype == users.mimetype == "application/json"
    assert me.json == {"username": "ada", "theme": "dark", "image": "/images/ada.png"}
    assert users.json == [{"username": "ada"}]


def test_sessions(load):
    """Who logged in stays so from request to request, until the logout."""
    client = load("quickstart/sessions.py").app.test_client()

    before = client.get("/").text
    posted = client.post("/login", data={"username": "ada"}, follow_redirects=True).text
    later = client.get("/").text
    after = client.get("/logout", follow_redirects=True).text

    assert "<form method" in client.get("/login").text
    assert (posted, later) == ("Logged in as ada", "Logged in as ada")
    assert before == after == "You are not logged in"


def test_logging(load, caplog):
    """The app's logger takes messages of each level."""
    caplog.set_level(logging.DEBUG)

    load("quickstart/logging_calls.py")

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("DEBUG", "A value for debugging"),
        ("WARNING", "A warning occurred (42 apples)"),
        ("ERROR", "An error occurred"),
    ]


def test_middleware(load):
    """The wrapped app sees the client's address behind a proxy, and `app` is still the app."""
    app = load("quickstart/routing.py").app
    request = load("quickstart/bound_request.py").request
    load("quickstart/proxy_fix.py", app=app)
    app.add_url_rule("/address", view_func=lambda: f"{request.scheme} {request.remote_addr}")

    response = app.test_client().get(
        "/address", headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    )

    assert response.text == "https 192.0.2.1"


def test_flashing(load):
    """A message is shown in the next request and only there."""
    app = load("responses.py").app
    client = app.test_client()

    client.get("/flash")

    assert (client.get("/flashed").json, client.get("/flashed").json) == (["You were seen"], [])


@pytest.mark.parametrize(
    ("path", "status", "mimetype", "text"),
    [
        ("/response", 202, "text/plain", "made by hand"),
        ("/string", 200, "text/html", "a string"),
        ("/generator", 200, "text/html", "piece by piece"),
        ("/list", 200, "application/json", "[1,2]\n"),
        ("/status", 201, "text/html", "created"),
        ("/headers", 200, "text/html", "headers"),
        ("/status-headers", 418, "text/html", "both"),
    ],
)
def test_return_values(load, path, status, mimetype, text):
    """What a view returns becomes a response, by the page's list of rules."""
    client = load("responses.py").app.test_client()

    response = client.get(path)

    assert (response.status_code, response.mimetype, response.text) == (status, mimetype, text)
    assert response.headers.get("X-Colour") == ("red" if "headers" in path else None)


def test_names_in_templates(load):
    """Templates see config, request, session, g, url_for and get_flashed_messages."""
    client = load("responses.py").app.test_client()

    response = client.get("/names")

    assert response.text == "True /names nobody green /string []"
