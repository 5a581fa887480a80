"""The console's list of jobs."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route, expect

from tests.e2e.console.conftest import Console, Open
from tests.e2e.local_system import KEY


def test_jobs_are_live_and_the_address_holds_the_filter(console: Console, visit: Open) -> None:
    """A new job appears without a reload, moves on, and a filter is part of the address."""
    opened = visit()
    page = opened.page
    job = console.job("greet", "live", metadata={"customer": "c1"})
    row = page.locator(f"[data-id={job}]")
    row.wait_for()
    expect(row.locator(".state")).to_have_text("completed")
    opened.shoot("jobs")
    page.get_by_role("radio", name="failed").check()
    assert "state=failed" in page.url
    expect(row).to_have_count(0)
    opened.go("#/jobs?metadata=customer%3Dc1")
    page.reload()
    expect(page.locator(f"[data-id={job}]")).to_have_count(1)


def test_search_by_metadata_looks_on_and_says_how_far(visit: Open) -> None:
    """It makes twenty requests at most, and goes on when it is told to; here 2,500 jobs are there."""
    opened = visit(key="")
    page, asked = opened.page, list[str]()

    def answer(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        asked.append(route.request.url)
        begin, count = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        found = [_job(number) for number in range(begin, min(begin + count, 2500))]
        more = {"cursor": str(begin + count)} if begin + count < 2500 else {}
        route.fulfill(json={"jobs": found, **more})

    page.route(re.compile(r"/seq/acme/jobs\?"), answer)
    page.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")
    page.get_by_role("grid").wait_for()
    page.get_by_label("Metadata").fill("customer=c2499")
    expect(page.get_by_text("Looked at 2,050 jobs since")).to_be_visible()
    assert len([url for url in asked if "limit=20&" not in f"{url}&"]) == 21
    page.get_by_role("button", name="Look further").click()
    expect(page.get_by_text("Looked at all 2,500 jobs")).to_be_visible()
    expect(page.get_by_role("gridcell", name="c2499")).to_be_visible()
    opened.shoot("search")
    page.get_by_label("Metadata").fill("customer=c24")
    expect(page.get_by_text("111 jobs found")).to_be_visible()


def _job(number: int) -> dict[str, Any]:
    """Return a job of a list, the newest first."""
    at = datetime(2026, 11, 29, tzinfo=UTC) - timedelta(minutes=number)
    times = dict.fromkeys(("createdAt", "startedAt", "completedAt"), f"{at:%Y-%m-%dT%H:%M:%S}.000Z")
    return {
        "id": f"job_{number:026}".replace("0", "a").replace("1", "b").replace("8", "h").replace("9", "i"),
        "state": "completed",
        "flow": "acme/studio/greet",
        "metadata": {"customer": f"c{number}"},
        **times,
    }


def test_hidden_tab_asks_for_nothing(console: Console, visit: Open) -> None:
    """And goes on when it is seen again."""
    opened = visit()
    page = opened.page
    console.ended("greet", "hidden")
    page.get_by_role("grid").wait_for()
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});"
        " document.dispatchEvent(new Event('visibilitychange')) }"
    )
    time.sleep(1)  # what was on its way
    before = len(opened.requests)
    time.sleep(6)
    assert opened.requests[before:] == []
    page.evaluate("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')) }")
    with page.expect_request(re.compile("/jobs")):
        pass


def test_page_goes_on_after_an_outage(console: Console, visit: Open) -> None:
    """It says what is wrong, and that is gone when the API is back."""
    opened = visit()
    page = opened.page
    page.get_by_role("grid").or_(page.get_by_role("heading", name="No jobs yet")).wait_for()
    page.context.set_offline(True)
    expect(page.locator(".trouble")).to_contain_text("offline")
    page.context.set_offline(False)
    expect(page.locator(".trouble")).to_be_empty(timeout=40_000)
    job = console.job("greet", "back")
    page.locator(f"[data-id={job}]").wait_for()
    opened.errors.clear()  # the browser reports every request that failed


def test_keyboard_alone_is_enough(console: Console, visit: Open) -> None:
    """From the list to a job and back, to another view, to the sheet of keys."""
    console.ended("greet", "keys")
    page = visit().page
    page.get_by_role("grid").wait_for()
    page.locator("main").focus()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar")).to_contain_text("1 job selected")
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Timeline").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("grid").wait_for()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.get_by_role("heading", name="Usage").wait_for()
