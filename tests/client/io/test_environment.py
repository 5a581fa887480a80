"""A client's environment: its proxies, its authorities, its own settings; errors name the variable."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from noukai import AsyncNoukai, ConnectionFailedError, InvalidArgumentError, Noukai
from tests.client.cli.running_command import run
from tests.client.conftest import Colour
from tests.client.script import job
from tests.client.servers.echo_api import EchoApi, echo_api

_NETWORK = [f"{name}_PROXY" for name in ("HTTP", "HTTPS", "ALL", "NO")] + ["SSL_CERT_FILE", "SSL_CERT_DIR"]
_KEY = "nk_secret"


@pytest.fixture(autouse=True)
def _plain_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _NETWORK:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(name="authority")
def an_authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(name="secure")
def over_tls(authority: trustme.CA) -> Iterator[EchoApi]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with echo_api(context) as api:
        yield api


class _Proxy(BaseHTTPRequestHandler):
    """Answers what it is asked to fetch from a host that there is not."""

    def do_GET(self) -> None:
        assert self.path.startswith("http://api.test/api/v1/jobs/")
        body = json.dumps({**job("running"), "id": "job_1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of requests."""


@pytest.fixture(name="proxy")
def a_proxy() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("form", ["http://{}", "{}", "http://user:word@{}/"])
def test_a_proxy_is_used(colour: Colour, proxy: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its URL may lack the scheme, or have a user or a slash."""
    monkeypatch.setenv("HTTP_PROXY", form.format(proxy))
    with colour.connected("http://api.test/api/v1") as client:
        assert colour.run(client.job("job_1").status()).state == "running"


@pytest.mark.parametrize(
    "exceptions", ["localhost", "*", "example.org, localhost ,", "[::1],fd00::/8,localhost"]
)
def test_a_proxy_has_exceptions(colour: Colour, exceptions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API is asked directly if `NO_PROXY` names it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", exceptions)
    with echo_api() as api, colour.connected(api.base_url) as client:
        assert colour.run(client.job("job_1").wait()).output == "job_1"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value", ["ftp://proxy", "http://proxy:port", "http://[", "pro xy:1", "http://:3128", "::::"]
)
@pytest.mark.parametrize("kind", [Noukai, AsyncNoukai])
def test_a_malformed_proxy_is_named(
    kind: Any, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is not made, and the error names the variable and its value."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidArgumentError) as raised:
        kind(_KEY)
    assert variable in str(raised.value)
    assert repr(value) in str(raised.value)


def test_the_password_of_a_proxy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error shows neither password nor user, since it may be logged."""
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy:port")
    with pytest.raises(InvalidArgumentError, match="HTTPS_PROXY is 'http://…@proxy:port'"):
        Noukai(_KEY)


def test_a_proxy_that_needs_another_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable, and what httpx needs for SOCKS."""
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    with pytest.raises(InvalidArgumentError, match="ALL_PROXY='socks5://proxy:1080'"):
        Noukai(_KEY)


def test_an_authority_of_ones_own_is_trusted(
    colour: Colour, secure: EchoApi, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `SSL_CERT_FILE` the API's certificate is trusted; without it, refused."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with (
        colour.connected(secure.base_url) as client,
        pytest.raises(ConnectionFailedError, match="CERTIFICATE_VERIFY"),
    ):
        colour.run(client.job("job_1").status())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with colour.connected(secure.base_url) as client:
        assert colour.run(client.job("job_1").wait()).output == "job_1"


def test_a_folder_of_authorities_is_trusted(
    colour: Colour, secure: EchoApi, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SSL_CERT_DIR` names one or several folders of certificates, as OpenSSL reads them."""
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True)
    for folders in (str(tmp_path), f"/missing:{tmp_path}"):
        monkeypatch.setenv("SSL_CERT_DIR", folders)
        with colour.connected(secure.base_url) as client:
            assert colour.run(client.job("job_1").wait()).output == "job_1"


@pytest.mark.parametrize("kind", [Noukai, AsyncNoukai])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_missing_authorities_are_named(
    kind: Any, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names a missing file or folder, and its variable."""
    missing = str(tmp_path / "missing")
    monkeypatch.setenv(variable, missing)
    with pytest.raises(InvalidArgumentError, match=variable) as raised:
        kind(_KEY)
    assert missing in str(raised.value)


def test_a_file_without_certificates_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with other content is an error."""
    (tmp_path / "bundle.pem").write_text("nobody")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    with pytest.raises(InvalidArgumentError, match=r"SSL_CERT_FILE is .*bundle\.pem"):
        Noukai(_KEY)


@pytest.mark.parametrize("text", [" {} ", "{}/", "{}//", "\t{}/\n"])
def test_blanks_around_the_base_url_are_nothing(
    colour: Colour, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blanks and trailing slashes are ignored."""
    with echo_api() as api:
        monkeypatch.setenv("NOUKAI_BASE_URL", text.format(api.base_url))
        with colour.connected(None) as client:
            assert colour.run(client.job("job_1").wait()).output == "job_1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NOUKAI_BASE_URL", "http://ho st/api/v1"),
        ("NOUKAI_BASE_URL", "localhost:8080"),
        ("NOUKAI_BASE_URL", "http://[/api/v1"),
        ("NOUKAI_BASE_URL", "http://api..test/api/v1"),
        ("NOUKAI_BASE_URL", f"http://{'a' * 64}.test/api/v1"),
        ("NOUKAI_BASE_URL", "http://localhost:80800/api/v1"),
        ("NOUKAI_BASE_URL", "http://localhost:0/api/v1"),
        ("NOUKAI_BASE_URL", "http://xn--.test/api/v1"),
        ("NOUKAI_ORG", "Acme"),
        ("NOUKAI_PROJECT", "a b"),
        ("HTTPS_PROXY", "ftp://proxy"),
        ("HTTPS_PROXY", "http://proxy..test:3128"),
        ("SSL_CERT_FILE", "/missing/bundle.pem"),
        ("SSLKEYLOGFILE", "/missing/keys"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client and the command name it with its value; the command exits with 2."""
    monkeypatch.setenv("NOUKAI_API_KEY", _KEY)
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidArgumentError, match=variable) as raised:
        Noukai()
    assert repr(value) in str(raised.value)
    exit_code, shown, said = run("flows")
    assert (exit_code, shown) == (2, "")
    assert said.startswith("noukai: ")
    assert variable in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("key", [f"{_KEY}\n", f"{_KEY}\r\nX-Other: 1", ""])
def test_a_wrong_key_is_named_but_not_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client and the command name the variable, and do not show the key."""
    monkeypatch.setenv("NOUKAI_API_KEY", key)
    with pytest.raises(InvalidArgumentError, match="NOUKAI_API_KEY") as raised:
        Noukai()
    exit_code, _, said = run("flows")
    assert (exit_code, "NOUKAI_API_KEY" in said) == (2, True)
    assert _KEY not in str(raised.value) + said


def test_no_variable_gives_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """This also holds for the command as a process."""
    monkeypatch.setenv("NOUKAI_API_KEY", _KEY)
    monkeypatch.setenv("ALL_PROXY", "http://[")
    command = [str(Path(sys.executable).with_name("noukai")), "flows"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
    assert "ALL_PROXY" in done.stderr
