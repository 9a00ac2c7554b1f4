"""The streaming_upload example: large files, in constant memory, or none at all."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from io import BytesIO

import pytest

MIB = 1024 * 1024
HEAD = b'--bb\r\nContent-Disposition: form-data; name="files"; filename="large.bin"\r\n\r\n'
END = b"\r\n--bb--\r\n"
# UPLOAD_MEGABYTES=2000 sends as much as the README's command does.
SIZE = int(os.environ.get("UPLOAD_MEGABYTES", "200")) * 1_000_000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "uploads"


@pytest.fixture
def app(load, folder):
    app = load("streaming_upload").app
    app.config["UPLOAD_FOLDER"] = folder
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def send(client, *files, **fields):
    """Post (content, name) pairs as the page's form does; gives the page that follows."""
    data = {"files": [(BytesIO(content), name) for content, name in files], **fields}
    return client.post("/", data=data, content_type="multipart/form-data", follow_redirects=True)


def names_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_several_files(client, folder):
    """Every file of one upload is saved, and listed with its size and its checksum."""
    page = send(client, (b"green", "tea.txt"), (b"crumbs" * 500, "biscuits.txt")).text

    assert (folder / "files" / "tea.txt").read_bytes() == b"green"
    assert (folder / "files" / "biscuits.txt").read_bytes() == b"crumbs" * 500
    assert list((folder / "incoming").iterdir()) == []
    assert "2.9 KiB" in page
    assert hashlib.sha256(b"green").hexdigest() in page


def test_a_name_that_is_taken(client, folder):
    """A second file of the same name gets a number and overwrites nothing."""
    send(client, (b"first", "tea.txt"), (b"second", "tea.txt"))

    assert (folder / "files" / "tea.txt").read_bytes() == b"first"
    assert (folder / "files" / "tea-2.txt").read_bytes() == b"second"


@pytest.mark.parametrize(
    ("name", "saved"), [("../../etc/passwd", "etc_passwd"), ("green tea.txt", "green_tea.txt")]
)
def test_names_are_made_safe(client, folder, name, saved):
    """No name leads out of the folder."""
    send(client, (b"content", name))

    assert [path.name for path in (folder / "files").iterdir()] == [saved]


@pytest.mark.parametrize(
    ("files", "text"), [([], "Choose a file first."), ([(b"x", "..")], "is no name for a file.")]
)
def test_nothing_to_save(client, folder, files, text):
    """400 with the reason; nothing is left behind."""
    response = send(client, *files, other="field")

    assert response.status_code == 400
    assert text in response.text
    assert names_in(folder) == []


def test_the_page(client):
    """It has a form for several files and tells the limit."""
    page = client.get("/").text

    assert 'enctype="multipart/form-data"' in page
    assert "4.0 GiB" in page
    assert "Nothing yet." in page


# On a real server


def connect(client):
    url = client.base_url
    return socket.create_connection((url.host, url.port), timeout=30)


def head(length):
    lines = [
        "POST / HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Type: multipart/form-data; boundary=bb",
        f"Content-Length: {length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def memory_of(process):
    """Bytes that a process has in memory."""
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True
    )
    return int(shown.stdout) * 1024


def upload(connection, size, look):
    """Send a file of zeros, and `look()` at something about twenty times meanwhile."""
    piece = bytes(MIB)
    connection.sendall(head(len(HEAD) + size + len(END)) + HEAD)
    left, looked = size, size
    while left:
        connection.sendall(piece[:left])
        left -= min(left, MIB)
        if looked - left >= size // 20:
            looked = left
            look()
    connection.sendall(END)
    return connection.makefile("rb").read()


@pytest.mark.timeout(300)
def test_a_large_file_in_constant_memory(serve, folder):
    """The server needs no more than a few mebibytes for it, wherever it is on its way."""
    client = serve("streaming_upload", FLASK_UPLOAD_FOLDER=folder)
    seen = []
    with connect(client) as connection:
        upload(connection, MIB, lambda: None)
    before = memory_of(client.server)

    with connect(client) as connection:
        answer = upload(connection, SIZE, lambda: seen.append(memory_of(client.server)))

    saved = folder / "files" / "large-2.bin"
    size = saved.stat().st_size
    saved.unlink()
    assert answer.startswith(b"HTTP/1.1 303")
    assert size == SIZE
    assert len(seen) >= 15
    assert max(seen) - before < 32 * MIB


def test_an_upload_that_is_cut_off_leaves_nothing(serve, folder):
    """Once the server has noticed; and the next one is served."""
    client = serve("streaming_upload", FLASK_UPLOAD_FOLDER=folder)
    with connect(client) as connection:
        connection.sendall(head(100 * MIB) + HEAD + bytes(20 * MIB))
        while not names_in(folder):
            client.get("/")

    while names_in(folder):
        client.get("/")

    page = client.post("/", files={"files": ("tea.txt", b"green")}, follow_redirects=True)
    assert "tea.txt" in page.text
    assert "large.bin" not in page.text


def test_too_much_on_a_real_server(serve, folder):
    """413, and nothing is left of the part that came."""
    limit = 3 * MIB
    client = serve("streaming_upload", FLASK_UPLOAD_FOLDER=folder, FLASK_MAX_CONTENT_LENGTH=limit)

    def body():
        yield HEAD
        for _ in range(8):
            yield bytes(MIB)
        yield END

    headers = {"Content-Type": "multipart/form-data; boundary=bb"}
    response = client.post("/", content=body(), headers=headers)

    assert response.status_code == 413
    assert names_in(folder) == []


def test_in_a_browser(browser, serve, tmp_path, folder):
    """The page's script sends the form and shows what has come."""
    chosen = tmp_path / "noise.bin"
    chosen.write_bytes(bytes(range(256)) * 8192)
    browser.visit(serve("streaming_upload", FLASK_UPLOAD_FOLDER=folder).base_url)

    browser.choose_files("#files", chosen)
    browser.click("form button")

    assert "noise.bin" in browser.text(".files")
    assert "2.0 MiB" in browser.text(".files")
    assert hashlib.sha256(chosen.read_bytes()).hexdigest() in browser.text(".files")
