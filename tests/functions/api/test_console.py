"""The console's files as the function serves them."""

import base64
import gzip
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.console import answer_console
from noukai_infra.console.files import write_console

ENVIRONMENT = {"PAYLOADS_BUCKET": "payloads", "AWS_REGION": "eu-central-1"}


@pytest.fixture(scope="module")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an asset with a console."""
    folder = tmp_path_factory.mktemp("asset")
    write_console(folder / "console")
    return folder


def ask(asset: Path, path: str = "/api/v1/console", method: str = "GET", **headers: str) -> Any:
    """Return the function's answer; None if the request is not for the console."""
    event = {
        "rawPath": path,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"requestId": "r1", "http": {"method": method}},
    }
    return answer_console(event, asset, ENVIRONMENT, lambda _event: {"statusCode": 200, "body": "key"})


def test_page_has_strict_headers_and_names_its_script(asset: Path) -> None:
    """No inline script, no frame, the bucket as the only further connection."""
    answer = ask(asset, accept_encoding="gzip, br")
    policy = answer["headers"]["Content-Security-Policy"]
    assert "unsafe" not in policy
    for rule in ("default-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"):
        assert rule in policy
    assert policy.endswith(
        "connect-src 'self' https://payloads.s3.eu-central-1.amazonaws.com https://payloads.s3.amazonaws.com"
    )
    page = gzip.decompress(base64.b64decode(answer["body"])).decode()
    assert page.count("<script") == 1
    name = page.split('src="console/')[1].split('"')[0]
    script = ask(asset, f"/api/v1/console/{name}", accept_encoding="gzip")
    assert script["headers"]["Cache-Control"].endswith("immutable")
    assert script["headers"]["X-Content-Type-Options"] == "nosniff"
    assert answer["headers"]["Cache-Control"] == "no-cache"


def test_page_reaches_the_bucket_in_each_partition(asset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """China's regions have another domain."""
    monkeypatch.setitem(ENVIRONMENT, "AWS_REGION", "cn-north-1")
    policy = ask(asset)["headers"]["Content-Security-Policy"]
    assert "https://payloads.s3.cn-north-1.amazonaws.com.cn https://payloads.s3.amazonaws.com.cn" in policy


def test_known_page_is_not_sent_again(asset: Path) -> None:
    """The tag of what the browser has."""
    tag = ask(asset)["headers"]["ETag"]
    assert ask(asset, if_none_match=tag)["statusCode"] == 304
    assert ask(asset, if_none_match='"other"')["statusCode"] == 200


def test_head_and_callers_without_gzip_are_answered(asset: Path) -> None:
    """The first without a body, the second inflated."""
    plain = ask(asset)
    assert "Content-Encoding" not in plain["headers"]
    assert base64.b64decode(plain["body"]).startswith(b"<!doctype html>")
    assert ask(asset, method="HEAD")["body"] == ""


@pytest.mark.parametrize("path", ["/console", "/api/v1/console/"])
def test_other_ways_lead_to_the_page(asset: Path, path: str) -> None:
    """As people type it."""
    answer = ask(asset, path)
    assert (answer["statusCode"], answer["headers"]["Location"]) == (308, "/api/v1/console")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/console/../catalog/flows.json", "/api/v1/console/files.json", "/api/v1/consoles", "/x/console"],
)
def test_nothing_else_is_served(asset: Path, path: str) -> None:
    """Only the files by their names."""
    assert ask(asset, path) is None


def test_file_has_one_address(asset: Path) -> None:
    """Or a cache would keep it for ever under another one."""
    page = gzip.decompress(base64.b64decode(ask(asset, accept_encoding="gzip")["body"])).decode()
    name = page.split('src="console/')[1].split('"')[0]
    assert ask(asset, f"/api/v1/console/{name}")["statusCode"] == 200
    for path in (f"/{name}", name, f"/api/v1/console{name}", f"/api/v1/console//{name}"):
        assert ask(asset, path) is None, path


@pytest.mark.parametrize("prefix", ["//evil.org", "/evil.org", "//evil/org", "/\\evil.org", "/%2f/evil"])
def test_redirect_stays_on_the_host(asset: Path, prefix: str) -> None:
    """`//evil.org/…` is the address of another host, whose page would ask for the API key."""
    assert ask(asset, f"{prefix}/api/v1/console/") is None
    answer = ask(asset, "/team/jobs/api/v1/console/")
    assert answer["headers"]["Location"] == "/team/jobs/api/v1/console"


def test_without_the_console_nothing_is_answered(tmp_path: Path) -> None:
    """The setting leaves the files out."""
    assert ask(tmp_path) is None
    assert ask(tmp_path, "/api/v1/console/key") is None
