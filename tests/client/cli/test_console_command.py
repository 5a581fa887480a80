"""The command that opens the web console."""

import webbrowser

import pytest

from tests.client.cli.running_command import run
from tests.client.servers.fake_api import KEY, FakeApi


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the pages that a browser is asked to open."""
    pages: list[str] = []

    def open_page(url: str) -> bool:
        pages.append(url)
        return "nowhere" not in url

    monkeypatch.setattr(webbrowser, "open", open_page)
    return pages


def test_page_is_opened_and_the_key_printed(api: FakeApi, opened: list[str]) -> None:
    """The key alone is on standard output, to be piped to a clipboard; the address does not hold it."""
    code, printed, told = run("console")
    page = f"{api.base_url}/console"
    assert (code, printed) == (0, f"{KEY}\n")
    assert opened == [page]
    assert page in told
    assert KEY not in told


def test_no_open_only_prints(api: FakeApi, opened: list[str]) -> None:
    code, printed, told = run("console", "--no-open")
    assert (code, printed, opened) == (0, f"{KEY}\n", [])
    assert f"{api.base_url}/console" in told


@pytest.mark.usefixtures("opened")
def test_without_a_browser_the_address_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the key is printed, for a browser on another machine."""
    monkeypatch.setenv("NOUKAI_API_KEY", KEY)
    monkeypatch.setenv("NOUKAI_BASE_URL", "https://nowhere.example.com/api/v1/")
    code, printed, told = run("console")
    assert (code, printed) == (5, f"{KEY}\n")
    assert "no browser could be opened: open https://nowhere.example.com/api/v1/console yourself" in told


@pytest.mark.parametrize(("key", "url"), [(KEY, "jobs.example.com"), ("", "https://jobs.example.com")])
def test_wrong_settings_open_nothing(
    monkeypatch: pytest.MonkeyPatch, opened: list[str], key: str, url: str
) -> None:
    monkeypatch.setenv("NOUKAI_API_KEY", key)
    monkeypatch.setenv("NOUKAI_BASE_URL", url)
    code, printed, told = run("console")
    assert (code, printed, opened) == (2, "", [])
    assert ("NOUKAI_BASE_URL" if key else "NOUKAI_API_KEY") in told
