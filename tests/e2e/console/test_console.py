"""The console's page, and each of its views, in a real browser against the local system."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.console.conftest import Console, Open

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


def test_file_is_uploaded_and_the_job_has_it(visit: Open, tmp_path: Path) -> None:
    """An input that is too large for a request goes to the bucket, from the form."""
    (tmp_path / "letter.txt").write_text("dear customer " * 30_000, encoding="utf-8")
    opened = visit()
    page = opened.go("#/flows/acme/studio/greet")
    page.get_by_label("Text from a file").set_input_files(tmp_path / "letter.txt")
    expect(page.get_by_role("textbox", name="message")).to_have_value(re.compile("^dear customer"))
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.locator(".job-line .state")).to_have_text("completed")
    assert [method for method, url in opened.requests if "console" not in url and method == "PUT"] == ["PUT"]
    expect(page.get_by_role("region", name="Output")).to_contain_text("kB")


PLACES = [
    "#/jobs",
    "#/flows",
    "#/flows/acme/studio/order",
    "#/usage",
    "#/health",
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
