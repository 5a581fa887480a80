"""The console's view of one job."""

import os
import time

from playwright.sync_api import expect

from noukai import NotFoundError
from tests.e2e.console.conftest import Console, Open

README_SHOT = os.environ.get("README_SHOT")
"""Where to write the picture that the README shows: `.github/console.png`."""


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


def test_input_of_a_failed_job_is_shown_and_submitted_again(console: Console, visit: Open) -> None:
    """Its numbers survive the way into the form and back."""
    given = {"day": "2026-11-30", "account": 3544790567247868103, "rates": [0.1, 1.0]}
    job = console.ended("reconcile", parameters=given, max_attempts=1)
    opened = visit()
    page = opened.go(f"#/jobs/{job}")
    expect(page.get_by_role("region", name="Input")).to_contain_text("3544790567247868103")
    opened.shoot("failed")
    page.get_by_role("button", name="Submit again with changes").click()
    expect(page.get_by_label("account")).to_have_value("3544790567247868103")
    page.get_by_label("day").fill("2026-12-01")
    page.get_by_text("Options").click()
    page.get_by_label("Attempts at most").fill("1")
    page.get_by_role("button", name="Submit", exact=True).click()
    again = page.get_by_role("heading", level=1).locator(".mono")
    expect(again).not_to_have_text(job)
    expect(page.locator(".job-line .state")).to_have_text("failed")
    changed = console.client.job(again.inner_text()).input()
    assert changed.parameters == {**given, "day": "2026-12-01"}


def test_large_input_is_loaded_on_demand(console: Console, visit: Open) -> None:
    """From where it was uploaded."""
    job = console.ended("reconcile", parameters={"day": "x" * 300_000}, max_attempts=1)
    region = visit().go(f"#/jobs/{job}").get_by_role("region", name="Input")
    region.get_by_role("button", name="Show", exact=True).click()
    expect(region).to_contain_text("Show all 300,000 characters")


def test_input_that_is_not_kept_is_said(console: Console, visit: Open) -> None:
    """Without asking for it: the API would refuse."""
    job = console.ended("greet", "done")
    opened = visit()
    region = opened.go(f"#/jobs/{job}").get_by_role("region", name="Input")
    expect(region).to_contain_text("kept only if the job fails or is cancelled")
    assert [url for _, url in opened.requests if url.endswith("/input")] == []


def test_running_job_is_followed_and_cancelled(console: Console, visit: Open) -> None:
    """Its progress and log move; the question comes before the act. Another tab then finds the input."""
    opened = visit()
    page = opened.go("#/flows/acme/studio/render")
    page.get_by_label("frames").fill("300")
    page.get_by_label("pause").fill("0.1")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("region", name="Input")).to_contain_text("300")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("rendered frame 50")
    opened.shoot("running")
    if README_SHOT:
        page.screenshot(path=README_SHOT)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".job-line .state")).to_have_text("cancelled")
    job = page.get_by_role("heading", level=1).locator(".mono").inner_text()
    while not has_input(console, job):
        time.sleep(0.2)
    region = visit().go(f"#/jobs/{job}").get_by_role("region", name="Input")
    expect(region).to_contain_text("as soon as a worker has seen the message")
    region.get_by_role("button", name="Show", exact=True).click()
    expect(region).to_contain_text("300")


def has_input(console: Console, job: str) -> bool:
    """Return whether the job's input can be read yet."""
    try:
        console.client.job(job).input()
    except NotFoundError:
        return False
    return True


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


def test_large_result_is_loaded_on_demand(console: Console, visit: Open) -> None:
    """From the bucket, whose rules let this page read it."""
    job = console.ended("export")
    page = visit().go(f"#/jobs/{job}")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("region", name="Output")).to_contain_text("60,000")
