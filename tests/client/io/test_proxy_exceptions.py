"""The hosts that are requested without a proxy: each form of `NO_PROXY`."""

import httpx
import pytest

from noukai._io.proxies import Exceptions
from tests.client.conftest import Colour
from tests.client.servers.echo_api import echo_api


def test_a_network_is_an_exception(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API is requested directly if the network contains its address."""
    for name in ("http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
    with echo_api() as api, colour.connected(api.base_url.replace("localhost", "127.0.0.1")) as client:
        assert colour.run(client.job("job_1").wait()).output == "job_1"


@pytest.mark.parametrize(
    ("exceptions", "direct", "proxied"),
    [
        ("*", "http://a.test", None),
        ("", None, "http://a.test"),
        ("a.test", "https://a.test", "http://ba.test"),
        ("a.test", "http://www.A.test.", "http://a.test.org"),
        (".a.test", "http://www.a.test", "http://a.test"),
        ("*.a.test", "http://www.a.test", "http://a.test"),
        ("a.test:8080", "http://a.test:8080", "http://a.test"),
        ("a.test:443", "https://a.test", "http://a.test"),
        ("http://a.test", "http://a.test", "http://b.test"),
        ("b.test a.test,,", "http://a.test", "http://c.test"),
        ("grün.test", "http://grün.test", "http://gruen.test"),
        ("127.0.0.0/8", "http://127.1.2.3:8080", "http://128.0.0.1"),
        ("10.1.2.3", "http://10.1.2.3", "http://10.1.2.30"),
        ("10.1.2.3:81", "http://10.1.2.3:81", "http://10.1.2.3"),
        ("::1", "http://[::1]:8080", "http://[::2]"),
        ("[::1]", "http://[::1]", "http://[::2]"),
        ("[::1]:80", "http://[::1]", "http://[::1]:81"),
        ("fd00::/8", "http://[fd12::1]", "http://[fe80::1]"),
        ("a.test:port", None, "http://a.test"),
        ("[", None, "http://a.test"),
    ],
)
def test_each_form_of_an_exception(exceptions: str, direct: str | None, proxied: str | None) -> None:
    """They are read as by curl and Go; an invalid entry has no effect."""
    found = Exceptions(exceptions)
    assert direct is None or httpx.URL(direct) in found
    assert proxied is None or httpx.URL(proxied) not in found
