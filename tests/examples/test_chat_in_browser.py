"""The chat example in a browser."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def chat(serve):
    """The address of the example."""
    return str(serve("chat").base_url)


def enter(tab, chat, name):
    """Fill in the form and wait until the room's socket is open."""
    tab.visit(chat)
    fill(tab, "#name", name)
    tab.click("button")
    tab.wait_until("state.textContent === 'Connected.'")


def fill(tab, selector, text):
    tab.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")


def say(tab, text):
    fill(tab, "#say input", text)
    tab.run("document.querySelector('#say button').click()")


def read(tab, text):
    """Wait for a line with this text; gives all lines, without their times."""
    tab.wait_until(f"log.innerText.includes({json.dumps(text)})")
    lines = "[...log.children].map(line => line.innerText.replace(/^.*[AP]M /, ''))"
    return json.loads(tab.run(f"JSON.stringify({lines})"))


def test_two_people_talk(browser, chat):
    """Each in a browser of their own, with cookies of their own."""
    other = browser.open_person()
    enter(browser, chat, "Ada")
    enter(other, chat, "Bob")
    say(browser, "Tea, <b>Bob</b>?")
    read(other, "Tea")

    say(other, "Grüße!")

    assert read(browser, "Grüße!") == [
        "Bob has entered.",
        "Ada Tea, <b>Bob</b>?",
        "Bob Grüße!",
    ]
    assert read(other, "Grüße!") == ["Ada Tea, <b>Bob</b>?", "Bob Grüße!"]


def test_coming_back(browser, chat):
    """A page that is loaded again shows what was said last, and who is there."""
    enter(browser, chat, "Ada")
    say(browser, "Tea?")
    read(browser, "Tea?")

    browser.visit(f"{chat}/rooms/lobby")

    assert read(browser, "Tea?") == ["Ada Tea?"]
    assert browser.text("#names") == "Here: Ada."


def test_leaving(browser, chat):
    """A closed tab has left the room."""
    other = browser.open_person()
    enter(browser, chat, "Ada")
    enter(other, chat, "Bob")
    read(browser, "entered")

    other.close()

    assert read(browser, "left") == ["Bob has entered.", "Bob has left."]
    assert browser.text("#names") == "Here: Ada."


def test_an_interrupted_connection(browser, chat):
    """The page says so, and connects again by itself."""
    enter(browser, chat, "Ada")
    browser.run("window.seen = []")
    observe = "new MutationObserver(() => seen.push(state.textContent))"
    browser.run(f"{observe}.observe(state, {{ childList: true }})")

    browser.run("socket.close()")
    browser.wait_until("seen.length > 1")
    say(browser, "Still here.")

    assert read(browser, "Still here.") == ["Ada Still here."]
    assert json.loads(browser.run("JSON.stringify(seen)")) == [
        "Disconnected. Trying again …",
        "Connected.",
    ]
