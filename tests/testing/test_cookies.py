"""The cookies of a test client."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asyncflask.testing.cookies import CookieJar


@pytest.fixture
def jar():
    return CookieJar()


def test_new_jar_sends_nothing(jar):
    """Without cookies there is no header."""
    assert jar.header_for("localhost", "/") == ""


def test_cookie_is_for_localhost_by_default(jar):
    """A cookie of the test's own goes to localhost, on every path."""
    jar.set_cookie("a", "b")

    assert jar.header_for("localhost", "/x/y") == "a=b"
    assert jar.header_for("example.org", "/") == ""


def test_cookie_can_be_looked_at(jar):
    """All that was set can be read."""
    jar.set_cookie(
        "a", "b ä", domain="example.org", path="/p", secure=True, httponly=True, samesite="Lax"
    )

    cookie = jar.get_cookie("a", "example.org", "/p")

    assert (cookie.key, cookie.decoded_value) == ("a", "b ä")
    assert cookie.value == '"b \\303\\244"'
    assert (cookie.domain, cookie.origin_only, cookie.path) == ("example.org", True, "/p")
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Lax")
    assert (cookie.expires, cookie.max_age) == (None, None)


def test_cookie_is_found_by_domain_and_path(jar):
    """The same name may be taken on another path."""
    jar.set_cookie("a", "1")
    jar.set_cookie("a", "2", path="/p")

    assert jar.get_cookie("a").value == "1"
    assert jar.get_cookie("a", path="/p").value == "2"
    assert jar.get_cookie("a", path="/q") is None


def test_cookie_is_replaced(jar):
    """Of the same name, domain and path there is one."""
    jar.set_cookie("a", "1")
    jar.set_cookie("a", "2")

    assert jar.header_for("localhost", "/") == "a=2"


def test_cookie_is_deleted(jar):
    """Deleting removes it; deleting once more changes nothing."""
    jar.set_cookie("a", "1")
    jar.delete_cookie("a")
    jar.delete_cookie("a")

    assert jar.get_cookie("a") is None


def test_name_may_have_any_letters(jar):
    """The name is looked up as it was set, and sent as UTF-8."""
    jar.set_cookie("ä", "1")

    assert jar.get_cookie("ä").value == "1"
    assert jar.header_for("localhost", "/") == "ä=1".encode().decode("latin-1")


@pytest.mark.parametrize("options", [{"max_age": 0}, {"expires": 0}])
def test_ended_cookie_is_removed(jar, options):
    """A cookie whose life is over replaces the one there is by none."""
    jar.set_cookie("a", "1")
    jar.set_cookie("a", "", **options)

    assert jar.get_cookie("a") is None


def test_cookies_are_sent_in_the_order_of_setting(jar):
    """The first one set comes first."""
    jar.set_cookie("a", "1")
    jar.set_cookie("b", "2", path="/p")
    jar.set_cookie("c", "3")

    assert jar.header_for("localhost", "/p") == "a=1; b=2; c=3"


@pytest.mark.parametrize(
    ("cookie_path", "path", "is_sent"),
    [
        ("/", "/", True),
        ("/", "/a", True),
        ("/a", "/a", True),
        ("/a", "/a/b", True),
        ("/a", "/ab", False),
        ("/a", "/", False),
        ("/a/", "/a/b", True),
        ("/a/", "/a", False),
    ],
)
def test_paths_match_at_slashes(jar, cookie_path, path, is_sent):
    """A cookie goes to its path and to what is below it."""
    jar.set_cookie("k", "v", path=cookie_path)

    assert bool(jar.header_for("localhost", path)) is is_sent


@pytest.mark.parametrize(
    ("host", "is_sent"),
    [
        ("example.org", True),
        ("EXAMPLE.org", True),
        ("www.example.org", False),
        ("badexample.org", False),
        ("org", False),
    ],
)
def test_cookie_goes_to_its_own_host_only(jar, host, is_sent):
    """A response that names no domain means its host alone."""
    jar.update_from(["k=v"], "example.org", "/")

    assert bool(jar.header_for(host, "/")) is is_sent


@pytest.mark.parametrize("domain", ["example.org", ".example.org", "Example.ORG"])
@pytest.mark.parametrize(
    ("host", "is_sent"),
    [("example.org", True), ("www.example.org", True), ("badexample.org", False), ("org", False)],
)
def test_domain_includes_its_subdomains(jar, domain, host, is_sent):
    """A response that names a domain means all hosts in it."""
    jar.update_from([f"k=v; Domain={domain}"], "www.example.org", "/")

    assert bool(jar.header_for(host, "/")) is is_sent


def test_test_can_give_subdomains_a_cookie(jar):
    """origin_only=False does what naming a domain does in a response."""
    jar.set_cookie("a", "1", domain="example.org", origin_only=False)

    assert jar.header_for("www.example.org", "/") == "a=1"


@pytest.mark.parametrize(
    ("path", "folder"), [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b/c", "/a/b")]
)
@pytest.mark.parametrize("header", ["k=v", "k=v; Path="])
def test_path_defaults_to_the_folder_of_the_request(jar, header, path, folder):
    """A response that names no path means the folder of its own."""
    jar.update_from([header], "localhost", path)

    assert jar.get_cookie("k", path=folder).value == "v"


def test_all_attributes_of_a_response_are_read(jar):
    """Names of attributes are read in any case, unknown ones are skipped."""
    header = (
        "k=v; expires=Thu, 01 Jan 2970 00:00:00 GMT; MAX-AGE=5; Secure; httpOnly;"
        " SameSite=Strict; Path=/p; Priority=High"
    )
    jar.update_from([header], "localhost", "/")

    cookie = jar.get_cookie("k", path="/p")

    assert cookie.expires == datetime(2970, 1, 1, tzinfo=UTC)
    assert cookie.max_age == 5
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Strict")


@pytest.mark.parametrize(
    "header",
    [
        "k=; Max-Age=0",
        "k=; Max-Age=-1",
        "k=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "k=1; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)
def test_response_ends_a_cookie(jar, header):
    """A life that is over removes the cookie."""
    jar.update_from(["k=v", header], "localhost", "/")

    assert jar.get_cookie("k") is None


def test_response_ends_only_the_cookie_of_its_path(jar):
    """A cookie on another path stays."""
    jar.update_from(["k=v; Path=/", "k=; Max-Age=0"], "localhost", "/a/b")

    assert jar.get_cookie("k").value == "v"


@pytest.mark.parametrize("lifetime", ["Max-Age=soon", "Expires=later"])
def test_senseless_lifetimes_are_skipped(jar, lifetime):
    """A lifetime that cannot be read is none."""
    jar.update_from([f"k=v; {lifetime}"], "localhost", "/")

    assert jar.get_cookie("k").value == "v"


def test_value_may_hold_equal_signs_and_quotes(jar):
    """The value is sent back letter for letter, and shown decoded."""
    jar.update_from(["a=b=c", 'd="e\\054f"'], "localhost", "/")

    assert jar.header_for("localhost", "/") == 'a=b=c; d="e\\054f"'
    assert jar.get_cookie("d").decoded_value == "e,f"


def test_name_without_a_value_is_kept(jar):
    """A header of a name alone is a cookie with an empty value."""
    jar.update_from(["k"], "localhost", "/")

    assert jar.header_for("localhost", "/") == "k="


@pytest.mark.parametrize("header", ["", "=v", "; Path=/"])
def test_header_without_a_name_is_skipped(jar, header):
    """What names no cookie sets none."""
    jar.update_from([header], "localhost", "/")

    assert jar.header_for("localhost", "/") == ""


def test_the_jar_tells_how_many_cookies_it_holds(jar):
    """Each place and name counts once."""
    jar.update_from(["k=1", "k=2", "l=1; Path=/a"], "localhost", "/")

    assert len(jar) == 2
