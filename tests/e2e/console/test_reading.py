"""Reading while the page changes: times in the reader's zone, and updates that disturb nobody."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.console.canned import Answer, Asked, CannedApi, instant, job, job_id
from tests.e2e.console.conftest import Open

CASES = [
    ("Asia/Tokyo", "2025-11-29T15:00:30.000Z", "30 Nov, 00:00:30"),
    ("Asia/Tokyo", "2025-11-29T14:59:30.000Z", "29 Nov, 23:59:30"),
    ("America/Los_Angeles", "2025-11-30T07:59:30.000Z", "29 Nov, 23:59:30"),
    ("America/Los_Angeles", "2026-03-08T09:59:30.000Z", "8 Mar, 01:59:30"),
    ("America/Los_Angeles", "2026-03-08T10:00:30.000Z", "8 Mar, 03:00:30"),
    ("Asia/Kolkata", "2025-12-31T18:30:00.000Z", "1 Jan, 00:00:00"),
]


@pytest.mark.parametrize(("zone", "at", "shown"), CASES)
def test_times_are_of_the_readers_zone_with_utc_on_hover(
    api: CannedApi, canned: Open, zone: str, at: str, shown: str
) -> None:
    """Near midnight and over a change of the clocks."""
    api.jobs = [{"id": job_id(1), "state": "pending", "flow": "acme/studio/greet", "createdAt": at}]
    time = canned(timezone_id=zone).page.locator(".at-time time").first
    expect(time).to_have_text(shown)
    expect(time).to_have_attribute("datetime", at)
    assert (time.get_attribute("title") or "").endswith(f"{at} (UTC)")


@pytest.mark.parametrize(
    ("zone", "typed", "asked"),
    [
        ("Asia/Tokyo", "2025-11-30T00:30", "2025-11-29T15:30:00.000Z"),
        ("America/Los_Angeles", "2026-03-08T03:30", "2026-03-08T10:30:00.000Z"),
    ],
)
def test_time_of_a_filter_is_of_the_readers_zone(
    api: CannedApi, canned: Open, zone: str, typed: str, asked: str
) -> None:
    """The API is asked in UTC, and a reload shows what was typed."""
    api.jobs = [job(1)]
    page = canned(timezone_id=zone).page
    page.get_by_text("Time", exact=True).click()
    page.get_by_label("from", exact=True).fill(typed)
    page.wait_for_url("**from=**")
    page.reload()
    expect(page.get_by_label("from", exact=True)).to_have_value(typed)
    page.get_by_role("grid").wait_for()
    assert api.requests("GET /seq/acme/jobs$")[-1].query["createdAfter"] == asked


def running(api: CannedApi) -> None:
    """Answer for a job that moves with each request and writes lines."""
    turns = iter(range(1, 10_000))

    def moved(_asked: Asked) -> dict[str, Any]:
        progress = {"percent": min(next(turns), 99), "message": "on its way"}
        return job(1, "running", progress=progress, metadata={"customer": "c1"})

    def lines(asked: Asked) -> Answer:
        start = int(asked.query.get("after", 0))
        written = [
            {
                "at": instant(each),
                "attempt": 1,
                "stream": "stdout",
                "level": "info",
                "message": f"line {each}",
            }
            for each in range(start, start + 5)
        ]
        page = {"lines": written, "after": str(start + 5), "done": False}
        return Answer(page, headers={"Retry-After-Ms": "600"})

    api.on(f"GET /jobs/{job_id(1)}", moved)
    api.on("GET /jobs/[^/]+/logs", lines)
    api.jobs = [job(number, "running") for number in range(20)]


def wait_for_updates(page: Page) -> None:
    """Await two further states of the job."""
    for _ in range(2):
        with page.expect_response(f"**/jobs/{job_id(1)}"):
            pass


def test_update_leaves_alone_what_one_reads(api: CannedApi, canned: Open) -> None:
    """The text in a field, the focus, the chosen tab and an opened part survive."""
    running(api)
    page = canned(f"#/jobs/{job_id(1)}").page
    page.get_by_role("log").wait_for()
    page.get_by_role("button", name="TypeScript", exact=True).click()
    page.get_by_role("searchbox", name="Search the log").fill("line 1")
    page.mouse.wheel(0, 300)
    top = page.evaluate("scrollY")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    wait_for_updates(page)
    search = page.get_by_role("searchbox", name="Search the log")
    expect(search).to_have_value("line 1")
    expect(search).to_be_focused()
    expect(page.get_by_role("button", name="TypeScript", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert page.evaluate("scrollY") == top
    assert job_id(1) in page.evaluate("getSelection().toString()")


def wait_until_below(page: Page) -> None:
    """Await the log's end in view; the page's policy allows no waiting by a text that is code."""
    page.evaluate("""async () => {
      while (document.querySelector('[role=log]').scrollTop < 200) await new Promise(requestAnimationFrame);
    }""")


def test_log_that_is_read_further_up_stays_there(api: CannedApi, canned: Open) -> None:
    """Scrolling back ends the following; the box starts it again."""
    running(api)
    page = canned(f"#/jobs/{job_id(1)}").page
    expect(page.get_by_role("log")).to_contain_text("line 4")
    follow = page.get_by_label("Follow")
    wait_until_below(page)
    page.get_by_role("log").evaluate("log => { log.scrollTop = 0 }")
    expect(follow).not_to_be_checked()
    wait_for_updates(page)
    assert page.get_by_role("log").evaluate("log => log.scrollTop") == 0
    follow.check()
    wait_until_below(page)


def test_list_and_job_agree(api: CannedApi, canned: Open) -> None:
    """A job that ended while its page was open has ended in the list as well."""
    running(api)
    api.handlers.clear()
    opened = canned()
    row = opened.page.locator(f"[data-id={job_id(1)}] .state")
    opened.page.get_by_role("grid").wait_for()
    opened.go(f"#/jobs/{job_id(1)}")
    opened.page.get_by_role("region", name="Timeline").wait_for()
    api.jobs[1] = job(1, "cancelled")
    opened.go("#/jobs")
    expect(row).to_have_text("cancelled")


def test_keys_belong_to_what_is_typed_in(api: CannedApi, canned: Open) -> None:
    """Letters in a field move nothing; a slash leads to the field, Tab out of it."""
    api.jobs = [job(number) for number in range(5)]
    page = canned().page
    page.get_by_role("grid").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("jx?gu")
    expect(page.get_by_label("Metadata")).to_have_value("jx?gu")
    assert "#/usage" not in page.url
    expect(page.get_by_role("dialog")).to_have_count(0)
