"""The URLs that a webhook may have."""

import json
from pathlib import Path

import pytest

from noukai_functions.refusals import InvalidInputError
from noukai_functions.webhooks.urls import Receiver, UrlRules
from noukai_wire.limits import MAX_WEBHOOK_URL_LENGTH

HOSTILE = json.loads(Path(__file__).with_name("hostile_urls.json").read_text())
RULES = UrlRules()


def refusal(url: str, rules: UrlRules = RULES) -> str:
    """Return why a URL is refused."""
    with pytest.raises(InvalidInputError) as refused:
        rules.receiver(url)
    [(path, sentence)] = refused.value.errors
    assert path == "url"
    return sentence


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: ascii(hostile["url"])[:60])
def test_hostile_url_is_refused(hostile: dict[str, str]) -> None:
    """The refusal is a sentence that says what is allowed; the local system allows one more kind alone."""
    assert " " in refusal(hostile["url"])
    if not hostile["url"].startswith("http://localhost:"):
        refusal(hostile["url"], UrlRules(allows_local=True))


def test_list_is_long_enough() -> None:
    """Sixty hostile URLs were asked for."""
    assert len({hostile["url"] for hostile in HOSTILE}) >= 60


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://hooks.example.com", Receiver("hooks.example.com", 443, "/")),
        ("https://hooks.example.com/", Receiver("hooks.example.com", 443, "/")),
        ("https://hooks.example.com:443/a/b", Receiver("hooks.example.com", 443, "/a/b")),
        ("HTTPS://Hooks.Example.COM/A?b=C", Receiver("hooks.example.com", 443, "/A?b=C")),
        ("https://hooks.example.com?b=%20c", Receiver("hooks.example.com", 443, "/?b=%20c")),
        ("https://xn--bcher-kva.example/%C3%BC", Receiver("xn--bcher-kva.example", 443, "/%C3%BC")),
        ("https://8.8.8.8/", Receiver("8.8.8.8", 443, "/")),
        ("https://[2606:4700:4700::1111]/", Receiver("2606:4700:4700::1111", 443, "/")),
        ("https://[::ffff:8.8.8.8]/", Receiver("::ffff:8.8.8.8", 443, "/")),
        ("https://1password.example/", Receiver("1password.example", 443, "/")),
        ("https://localhost.example/", Receiver("localhost.example", 443, "/")),
        ("https://not-found.invalid/", Receiver("not-found.invalid", 443, "/")),
    ],
)
def test_usual_url_names_its_receiver(url: str, receiver: Receiver) -> None:
    """Names are not looked up; public addresses are allowed in their usual form."""
    assert RULES.receiver(url) == receiver


def test_other_ports_need_a_setting() -> None:
    """They replace the usual one."""
    rules = UrlRules(ports=frozenset({8443, 9443}))
    assert rules.receiver("https://hooks.example.com:8443/").port == 8443
    assert refusal("https://hooks.example.com/", rules) == "the port 443 is not allowed: use 8443, 9443"


def test_local_system_takes_this_machine_by_its_name_and_a_port() -> None:
    """No other name or address of it, and nothing without a port."""
    local = UrlRules(allows_local=True)
    assert local.receiver("http://localhost:9000/a?b") == Receiver("localhost", 9000, "/a?b", is_local=True)
    for url in (
        "http://localhost/",
        "http://127.0.0.1:9000/",
        "http://[::1]:9000/",
        "http://localhost.:9000/",
    ):
        assert refusal(url, local) == "the URL begins with http://: only https:// is allowed"
    refusal("https://localhost:9000/", local)


def test_longest_url() -> None:
    """One byte more is refused."""
    url = "https://hooks.example.com/".ljust(MAX_WEBHOOK_URL_LENGTH, "a")
    assert RULES.receiver(url).path == url.removeprefix("https://hooks.example.com")
    assert refusal(url + "a") == f"the URL is longer than {MAX_WEBHOOK_URL_LENGTH} characters"
