"""The upload example in a browser."""

from __future__ import annotations

import pytest


@pytest.fixture
def uploads(tmp_path):
    return tmp_path / "uploads"


def make_file(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def test_upload_and_delete(browser, serve, tmp_path, uploads):
    """Files chosen in the form arrive whole, are listed, and go when their button is clicked."""
    tea = make_file(tmp_path, "grüner Tee.txt", b"Sencha")
    noise = make_file(tmp_path, "noise.bin", bytes(range(256)) * 8192)
    browser.visit(serve("upload", FLASK_UPLOAD_FOLDER=uploads).base_url)

    browser.choose_files("#files", tea, noise)
    browser.click("button")
    after_upload = browser.text()
    browser.click("button[aria-label='Delete noise.bin']")
    after_delete = browser.text(".files")

    assert "gruner_Tee.txt is uploaded." in after_upload
    assert "2.0 MiB" in after_upload
    assert after_delete.split() == ["gruner_Tee.txt", "6", "Bytes", "Delete"]
    assert [path.read_bytes() for path in uploads.iterdir()] == [b"Sencha"]


def test_too_much(browser, serve, tmp_path, uploads):
    """The browser shows the 413 page, rather than an error of its own."""
    large = make_file(tmp_path, "large.bin", bytes(3_000_000))
    client = serve("upload", FLASK_UPLOAD_FOLDER=uploads, FLASK_MAX_CONTENT_LENGTH=1_000_000)
    browser.visit(client.base_url)

    browser.choose_files("#files", large)
    browser.click("button")

    assert browser.text("h1") == "That is too much"


def test_the_style(browser, serve, uploads):
    """The page's stylesheet is loaded and understood."""
    browser.visit(serve("upload", FLASK_UPLOAD_FOLDER=uploads).base_url)

    width = browser.run("getComputedStyle(document.body).maxWidth")

    assert width == "704px"
