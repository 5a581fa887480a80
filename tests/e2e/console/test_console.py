"""The console in a real browser, against the local system."""

import json
import os
import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.console.conftest import Console, Open

README_SHOT = os.environ.get("README_SHOT")
"""Where to write the picture that the README shows: `.github/console.png`."""

MOST_BYTES = 150_000


def test_page_is_small_and_asks_no_other_host(console: Console, visit: Open) -> None:
    """A page and a script, compressed, and the key's owner; everything from the deployment itself."""
    opened = visit(key="")
    origin = console.url.removesuffix("/api/v1/console")
    assert [url for _, url in opened.requests if not url.startswith((origin, "data:"))] == []
    assert len([url for _, url in opened.requests if url.startswith("http")]) == 2
    sizes = opened.page.evaluate(
        "() => ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
        ".map(entry => entry.encodedBodySize)"
    )
    assert 10_000 < sum(sizes) < MOST_BYTES
    opened.shoot("sign-in")


def test_first_paint_comes_within_a_second_of_the_first_byte(visit: Open) -> None:
    """On the slow 3G of Chrome's tools: the page brings its own styles."""
    opened = visit(key="")
    session = opened.page.context.new_cdp_session(opened.page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    session.send("Network.emulateNetworkConditions", slow)
    opened.page.reload()
    opened.page.get_by_label("API key").wait_for()
    first_byte, paint = opened.page.evaluate(
        "() => [performance.getEntriesByType('navigation')[0].responseStart,"
        " performance.getEntriesByName('first-paint')[0].startTime]"
    )
    assert paint - first_byte < 1000


def test_wrong_key_is_said_in_words(visit: Open) -> None:
    """And the field is still there for another one."""
    opened = visit(key="")
    page = opened.page
    page.get_by_label("API key").fill("nk_wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("not known here")
    opened.errors.clear()  # the browser reports every 401
    page.get_by_label("API key").fill("secret")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("begins with nk_")


def test_key_is_of_the_tab_alone(visit: Open) -> None:
    """No address and no storage beyond the tab has it."""
    page = visit().page
    assert "nk_" not in page.url
    assert page.evaluate("[localStorage.length, document.cookie, sessionStorage.length]") == [0, "", 1]


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


def test_job_is_seen_whole(console: Console, visit: Open) -> None:
    """Timeline, attempts, log, output, code."""
    job = console.ended("charge", parameters={"amount": 12.5})
    opened = visit()
    page = opened.go(f"#/jobs/{job}")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("retried")
    assert page.locator(".span.failed").count() == 2
    assert page.locator(".span.completed").count() == 1
    expect(page.get_by_role("log")).to_contain_text("asking the bank")
    expect(page.get_by_role("region", name="Output")).to_contain_text("charged")
    page.get_by_role("searchbox", name="Search the log").fill("traceback")
    expect(page.get_by_role("log")).not_to_contain_text("asking")
    page.get_by_role("button", name="curl").click()
    expect(page.get_by_role("region", name="As code")).to_contain_text("NOUKAI_API_KEY")
    opened.shoot("job")


def test_numbers_are_shown_as_they_are(console: Console, visit: Open) -> None:
    """A double could not hold this one."""
    job = console.ended("greet", "numbers")
    expect(visit().go(f"#/jobs/{job}").get_by_role("region", name="Output")).to_contain_text(
        "3544790567247868102"
    )


def test_running_job_is_followed_and_cancelled(console: Console, visit: Open) -> None:
    """Its progress and log move; the question comes before the act."""
    job = console.job("render", parameters={"frames": 400, "pause": 0.1})
    opened = visit()
    page = opened.go(f"#/jobs/{job}")
    expect(page.get_by_role("log")).to_contain_text("rendered frame")
    expect(page.get_by_role("progressbar")).to_be_visible()
    opened.shoot("running")
    if README_SHOT:
        page.screenshot(path=README_SHOT)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".job-line .state")).to_have_text("cancelled")


def test_hostile_job_is_text(console: Console, visit: Open) -> None:
    """Neither its log nor its output nor its error is markup, and hidden marks are visible."""
    jobs = [
        console.ended("hostile", parameters={"line_bytes": 200_000}),
        console.ended("refuse-in-markup", max_attempts=1),
    ]
    opened = visit()
    for job in jobs:
        page = opened.go(f"#/jobs/{job}")
        page.get_by_text("onerror").first.wait_for()
        assert page.locator("main img, main script").count() == 0
    opened.go(f"#/jobs/{jobs[0]}")
    expect(opened.page.get_by_role("log")).to_contain_text("U+202E")
    assert opened.page.title() == "Noukai console"
    assert opened.page.evaluate("({}).polluted === undefined")
    opened.shoot("hostile")


def test_form_checks_as_the_api_does_and_submits(visit: Open) -> None:
    """Required fields, nested lists, bounds; then the job's page opens."""
    opened = visit()
    page = opened.go("#/flows/acme/studio/order")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("customer is required")).to_be_visible()
    page.get_by_label("customer").fill("Ada")
    page.get_by_role("button", name="Add to items").click()
    page.get_by_label("name *").fill("pen")
    page.get_by_label("quantity").fill("5000")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("quantity must be at most 1000")).to_be_visible()
    opened.shoot("form")
    page.get_by_label("quantity").fill("5")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("region", name="Output")).to_contain_text("Ada")
    expect(page.get_by_role("region", name="Input")).to_contain_text("pen")


def test_large_result_is_loaded_on_demand(console: Console, visit: Open) -> None:
    """From the bucket, whose rules let this page read it."""
    job = console.ended("export")
    page = visit().go(f"#/jobs/{job}")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("region", name="Output")).to_contain_text("60,000")


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


PLACES = [
    "#/jobs",
    "#/flows",
    "#/flows/acme/studio/order",
    "#/usage",
    "#/schedules",
    "#/schedules/digest",
    "#/webhooks",
]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1440, "light"), (1440, "dark")])
def test_each_view_is_usable_by_everybody(console: Console, visit: Open, width: int, scheme: str) -> None:
    """No violation of accessibility rules, nothing wider than the page."""
    job = console.ended("charge", parameters={"amount": 1.5})
    console.client.schedules.put("digest", flow="acme/studio/greet", cron="0 9 * * 1-5", zone="Europe/Berlin")
    opened = visit(width=width, scheme=scheme, reduced_motion="reduce")
    for place in [*PLACES, f"#/jobs/{job}"]:
        page = opened.go(place)
        page.locator("main .card, main [role=grid], main .empty").first.wait_for()
        found = Axe().run(page).response["violations"]
        told = [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in found]
        assert told == [], f"{place} at {width} px, {scheme}:\n{json.dumps(told, indent=1)}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        opened.shoot(f"{re.sub(r'[^a-z]+', '-', place.replace(job, ''))}-{width}-{scheme}")
