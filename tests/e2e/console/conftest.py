"""A chromium on the console of a local system with flows to show."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from noukai import Noukai
from noukai_infra.console.files import write_console
from tests.e2e.console.canned import BASE, ORIGIN, CannedApi
from tests.e2e.local_system import KEY, LocalSystem

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = Path(os.environ.get("CONSOLE_SHOTS", ".build/console"))
FLOWS = Path(__file__).parent / "flows"

# A function's first answer takes seconds on a busy machine.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test here as skipped without a browser; the continuous integration must have one."""
    if BROWSER is None and "CI" not in os.environ:
        reason = "there is no chromium here: install Debian's package chromium"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@dataclass(frozen=True)
class Console:
    """The console of a system, and its client."""

    url: str
    client: Noukai

    def job(self, flow: str, message: str | None = None, **options: Any) -> str:
        """Submit a job; return its id."""
        return self.client.flow(flow).job(message=message, **options).id

    def ended(self, flow: str, message: str | None = None, **options: Any) -> str:
        """Submit a job and wait for its end, whatever it is; return its id."""
        job = self.client.flow(flow).job(message=message, **options)
        while not job.status().is_terminal:
            time.sleep(0.2)
        return job.id


@pytest.fixture(scope="package")
def console() -> Iterator[Console]:
    """Yield the console of a local system."""
    with (
        LocalSystem.start(FLOWS, {}, PORT="0") as system,
        Noukai(api_key=KEY, base_url=system.url, org="acme", project="studio") as client,
    ):
        yield Console(f"{system.url}/console", client)


# While playwright runs, its event loop is the thread's: the async tests of other modules could not start.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Yield a chromium."""
    assert BROWSER is not None, "install Debian's package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page of the console with what went wrong on it, and what it asked for."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors, and each request."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda asked: self.requests.append((asked.method, asked.url)))

    def forgive(self, status: int) -> None:
        """Forget what the browser reports of each answer with this status."""
        self.errors[:] = [each for each in self.errors if f"status of {status}" not in each]

    def go(self, place: str) -> Page:
        """Go to a view by its address."""
        self.page.evaluate("place => { location.hash = place }", place)
        return self.page

    def shoot(self, name: str) -> None:
        """Keep a picture of the page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")


Open = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, console: Console) -> Iterator[Open]:
    """Return a function that opens the console, signed in; nothing may go wrong on its pages."""
    made: list[Visit] = []

    def open_page(*, width: int = 1440, key: str = KEY, scheme: Any = "light", **more: Any) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB", **more
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        found = Visit(page, console.url)
        found.watch()
        made.append(found)
        page.goto(console.url)
        if key:
            page.get_by_label("API key").fill(key)
            page.keyboard.press("Enter")
            page.get_by_role("navigation", name="Views").wait_for()
        return found

    yield open_page
    for each in made:
        each.page.context.close()
        assert each.errors == []


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an asset that has the console alone."""
    asset = tmp_path_factory.mktemp("asset")
    write_console(asset / "console")
    return asset


@pytest.fixture
def api(files: Path) -> Iterator[CannedApi]:
    """Yield an API that answers as a test wants; its answers must be as the OpenAPI document says."""
    made = CannedApi(files)
    yield made
    assert made.wrong == []


@pytest.fixture
def canned(chromium: Browser, api: CannedApi) -> Iterator[Open]:
    """Return a function that opens the console on the canned API, signed in; nothing may go wrong on it."""
    made: list[Visit] = []

    def open_page(place: str = "", *, width: int = 1440, key: str = KEY, **more: Any) -> Visit:
        options = {"viewport": {"width": width, "height": 900}, "locale": "en-GB", **more}
        context = chromium.new_context(**options)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=ORIGIN)
        context.route("**/*", api.serve)
        page = context.new_page()
        page.set_default_timeout(20_000)
        found = Visit(page, f"{ORIGIN}{BASE}/console")
        found.watch()
        made.append(found)
        if key:
            page.add_init_script(f"sessionStorage.setItem('noukai-key', {key!r})")
        page.goto(f"{found.url}{place}")
        return found

    yield open_page
    for each in made:
        each.page.context.close()
        assert each.errors == []
