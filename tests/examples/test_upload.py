"""The upload example: uploads, downloads, names and limits."""

from __future__ import annotations

from io import BytesIO

import pytest


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "uploads"


@pytest.fixture
def app(load, folder):
    app = load("upload").app
    app.config["UPLOAD_FOLDER"] = folder
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def send(client, *files):
    """Post (content, name) pairs as the page's form does; gives the page that follows."""
    data = {"files": [(BytesIO(content), name) for content, name in files]}
    return client.post("/", data=data, follow_redirects=True)


def test_the_form(client):
    """The page has a form for several files and tells the limit."""
    page = client.get("/").text

    assert 'enctype="multipart/form-data"' in page
    assert 'name="files" type="file" multiple' in page
    assert "8.0 MiB" in page


def test_several_files(client, folder):
    """Every file of one upload is saved and listed with its size."""
    page = send(client, (b"green", "tea.txt"), (b"crumbs" * 500, "biscuits.txt")).text

    assert {path.name: path.stat().st_size for path in folder.iterdir()} == {
        "tea.txt": 5,
        "biscuits.txt": 3000,
    }
    assert "tea.txt is uploaded." in page
    assert "2.9 KiB" in page


def test_download(client):
    """A file comes back byte for byte, to be saved rather than shown."""
    content = bytes(range(256)) * 5000
    send(client, (content, "noise.bin"))

    response = client.get("/files/noise.bin")

    assert response.data == content
    assert response.headers["Content-Disposition"] == "attachment; filename=noise.bin"


@pytest.mark.parametrize(
    ("name", "saved"),
    [("../../etc/passwd", "etc_passwd"), ("green tea.txt", "green_tea.txt"), (".env", "env")],
)
def test_names_are_made_safe(client, folder, name, saved):
    """No name leads out of the folder or hides a file."""
    send(client, (b"content", name))

    assert [path.name for path in folder.iterdir()] == [saved]


def test_a_name_of_nothing(client, folder):
    """A name of which nothing safe is left is refused with a message."""
    page = send(client, (b"content", "..")).text

    assert "is no name for a file." in page
    assert list(folder.iterdir()) == []


def test_a_name_that_is_taken(client, folder):
    """A second file of the same name gets a number and overwrites nothing."""
    send(client, (b"first", "tea.txt"), (b"second", "tea.txt"), (b"third", "tea.txt"))

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "tea.txt": b"first",
        "tea-2.txt": b"second",
        "tea-3.txt": b"third",
    }


def test_no_file(client):
    """A form that was sent with no file chosen says what to do."""
    page = client.post("/", data={"other": "field"}, follow_redirects=True).text

    assert "Choose a file first." in page


def test_a_file_that_is_too_large(app, client, folder):
    """An upload past the limit is a 413 with a page of its own; nothing is saved."""
    app.config["MAX_CONTENT_LENGTH"] = 2048

    response = send(client, (b"x" * 4096, "large.bin"))

    assert response.status_code == 413
    assert "2.0 KiB" in response.text
    assert not folder.exists()


def test_delete(client, folder):
    """A deleted file is gone from the folder and the list."""
    send(client, (b"green", "tea.txt"))

    page = client.post("/files/tea.txt/delete", follow_redirects=True).text

    assert list(folder.iterdir()) == []
    assert "Nothing yet." in page


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/files/none.txt"),
        ("GET", "/files/..%2fsecret.txt"),
        ("POST", "/files/none.txt/delete"),
        ("POST", "/files/..%2fsecret.txt/delete"),
    ],
)
def test_what_is_not_there(client, tmp_path, method, url):
    """Neither a missing file nor one outside the folder is found."""
    (tmp_path / "secret.txt").write_text("secret")

    response = client.open(url, method=method)

    assert response.status_code == 404
    assert (tmp_path / "secret.txt").exists()


def test_on_a_real_server(serve, folder):
    """The README's command takes a file past the spooling size and gives it back."""
    client = serve("upload", FLASK_UPLOAD_FOLDER=folder)
    content = bytes(range(256)) * 8192

    page = client.post("/", files=[("files", ("noise.bin", content))], follow_redirects=True)

    assert "noise.bin is uploaded." in page.text
    assert client.get("/files/noise.bin").content == content
    part = client.get("/files/noise.bin", headers={"Range": "bytes=255-257"})
    assert (part.status_code, part.content) == (206, b"\xff\x00\x01")


def test_too_much_on_a_real_server(serve, folder):
    """An upload past the limit gets the 413 page over a real connection too."""
    client = serve("upload", FLASK_UPLOAD_FOLDER=folder, FLASK_MAX_CONTENT_LENGTH=100_000)

    response = client.post("/", files={"files": ("large.bin", bytes(300_000))})

    assert response.status_code == 413
    assert "That is too much" in response.text
