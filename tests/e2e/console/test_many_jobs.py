"""The list of jobs with thousands of rows, and what it asks for."""

import json
import re
from typing import Any

from playwright.sync_api import Page, Request, expect

from tests.e2e.console.canned import Answer, Asked, CannedApi, job, job_id, refused
from tests.e2e.console.conftest import Open

COUNT = 5000
PAGE = 100
MOST_ROWS = 80
MOST_MS_OF_A_TASK = 1000  # on a machine that runs other tests beside; alone it is a tenth

WATCHED = """() => {
  window.seen = {shift: 0, longest: 0};
  const watch = (type, note) =>
    new PerformanceObserver(list => list.getEntries().forEach(note)).observe({type, buffered: false});
  watch('layout-shift', entry => { seen.shift += entry.value });
  watch('longtask', entry => { seen.longest = Math.max(seen.longest, entry.duration) });
}"""

SCROLLED = """async () => {
  const rows = document.querySelector('.grid .rows');
  const counts = [];
  for (let turn = 0; turn < 60; turn++) {
    rows.scrollBy(0, rows.scrollHeight / 60);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    counts.push(rows.querySelectorAll('[role=row]').length);
  }
  return Math.max(...counts);
}"""


def loaded(page: Page, count: int) -> None:
    """Go down until so many jobs are loaded."""
    page.get_by_role("grid").wait_for()
    page.evaluate(
        """async count => {
          const rows = document.querySelector('.grid .rows');
          const said = document.querySelector('.above');
          const reached = () => said.textContent.replace(/\\D/g, '').startsWith(count);
          for (let turn = 0; turn < 2000 && !reached(); turn++) {
            rows.scrollTop = rows.scrollHeight;
            await new Promise(resolve => setTimeout(resolve, 5));
          }
        }""",
        str(count),
    )


def ids_of(request: Request) -> list[str]:
    """Return the jobs that a request asks for."""
    ids: list[str] = json.loads(request.post_data or "")["ids"]
    return ids


def test_thousands_of_jobs_scroll_smoothly(api: CannedApi, canned: Open) -> None:
    """The number of rows is bounded, nothing shifts, and no task keeps the page from answering."""
    api.jobs = [job(number, metadata={"customer": f"c{number}"}) for number in range(COUNT)]
    page = canned().page
    loaded(page, COUNT)
    expect(page.locator(".above")).to_contain_text("5,000 jobs loaded, all there are")
    page.locator(".grid .rows").evaluate("rows => { rows.scrollTop = 0 }")
    page.locator(f"[data-id={job_id(COUNT - 1)}]").wait_for()
    page.evaluate(WATCHED)
    assert 20 < page.evaluate(SCROLLED) < MOST_ROWS
    page.locator(f"[data-id={job_id(0)}]").wait_for()
    seen = page.evaluate("seen")
    assert seen["shift"] == 0
    assert seen["longest"] < MOST_MS_OF_A_TASK
    listed = api.requests("GET /seq/acme/jobs")
    assert len(listed) < 1.2 * COUNT / 50


def test_only_visible_jobs_that_may_change_are_asked_for(api: CannedApi, canned: Open) -> None:
    """By one batch request, no sooner than the server has said."""
    api.jobs = [job(number, "running" if number % 2 else "completed") for number in range(400)]
    wait = 1500

    def statuses(asked: Asked) -> Any:
        known = {each["id"]: each for each in api.jobs}
        return {
            "jobs": [{"id": each, "job": known[each], "retryAfterMs": wait} for each in asked.body["ids"]]
        }

    api.on("POST /jobs/status", statuses)
    page = canned().page
    page.get_by_role("grid").wait_for()
    with page.expect_request("**/jobs/status") as first:
        pass
    ids = ids_of(first.value)
    visible = page.evaluate("[...document.querySelectorAll('.grid [data-id]')].map(row => row.dataset.id)")
    assert set(ids) <= set(visible) & {job_id(number) for number in range(1, 400, 2)}
    sent = page.evaluate("performance.now()")
    with page.expect_request("**/jobs/status"):
        pass
    assert page.evaluate("performance.now()") - sent > wait - 100
    assert api.requests("GET /jobs/job_") == []


def test_found_jobs_are_those_that_are_asked_for(api: CannedApi, canned: Open) -> None:
    """A search leaves one of the jobs in view: no other is asked for."""
    api.jobs = [job(number, "running", metadata={"customer": f"c{number}"}) for number in range(90)]
    page = canned("#/jobs?metadata=customer%3Dc45").page
    page.locator(f"[data-id={job_id(45)}]").wait_for()
    with page.expect_request("**/jobs/status") as asked:
        pass
    assert ids_of(asked.value) == [job_id(45)]


def test_ended_jobs_are_not_asked_for(api: CannedApi, canned: Open) -> None:
    """Only whether there are new ones."""
    api.jobs = [job(number) for number in range(30)]
    page = canned().page
    page.get_by_role("grid").wait_for()
    with page.expect_request(re.compile("limit=20")):
        pass
    assert api.requests("POST /jobs/status") == []


def test_new_jobs_do_not_move_what_one_reads(api: CannedApi, canned: Open) -> None:
    """Further down, they wait behind a button; so they do while some are selected."""
    api.jobs = [job(number) for number in range(200)]
    page = canned().page
    page.get_by_role("grid").wait_for()
    page.get_by_role("checkbox").first.check()
    api.jobs.append(job(200))
    with page.expect_response(re.compile("limit=20")):
        pass
    page.locator(f"[data-id={job_id(199)}]").wait_for()
    expect(page.locator(f"[data-id={job_id(200)}]")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="1 new job").click()
    page.locator(f"[data-id={job_id(200)}]").wait_for()
    page.locator(".grid .rows").evaluate("rows => { rows.scrollTop = 1500 }")
    page.locator(f"[data-id={job_id(150)}]").wait_for()
    before = page.locator(f"[data-id={job_id(150)}]").bounding_box()
    api.jobs.append(job(201))
    page.get_by_role("button", name="1 new job").wait_for()
    assert page.locator(f"[data-id={job_id(150)}]").bounding_box() == before


def test_many_new_jobs_leave_no_gap(api: CannedApi, canned: Open) -> None:
    """The list begins anew rather than show neighbours that are none."""
    api.jobs = [job(number) for number in range(100)]
    page = canned().page
    page.get_by_role("grid").wait_for()
    api.jobs += [job(number) for number in range(100, 700)]
    page.locator(f"[data-id={job_id(699)}]").wait_for()
    loaded(page, 700)
    expect(page.locator(".above")).to_contain_text("700 jobs loaded, all there are")


def test_way_back_leads_to_the_same_place(api: CannedApi, canned: Open) -> None:
    """The loaded jobs, the scrolling and the row survive a look at a job."""
    api.jobs = [job(number) for number in range(200)]
    page = canned().page
    loaded(page, 200)
    top = page.locator(".grid .rows").evaluate("rows => rows.scrollTop = 2000")
    row = page.locator(f"[data-id={job_id(200 - 1 - 65)}]")
    row.focus()
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Timeline").wait_for()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    assert page.locator(".grid .rows").evaluate("rows => rows.scrollTop") == top


def test_equal_instants_are_different_jobs(api: CannedApi, canned: Open) -> None:
    """A job is addressed by its id: selecting one of those of an instant selects one."""
    api.jobs = [job(number, "running") | {"createdAt": job(0)["createdAt"]} for number in range(10)]
    api.on("POST /jobs/[^/]+/cancel", lambda asked: job(5, "cancelled") | {"id": asked.path.split("/")[2]})
    page = canned().page
    page.get_by_label(f"Select {job_id(5)}").check()
    expect(page.get_by_role("toolbar")).to_contain_text("1 job selected")
    page.get_by_role("button", name="Cancel 1").click()
    page.get_by_role("button", name="Cancel 1 job").click()
    page.get_by_role("status").filter(has_text="1 job cancelled").wait_for()
    assert [each.path for each in api.requests("POST .*/cancel")] == [f"/jobs/{job_id(5)}/cancel"]


def test_lost_page_of_the_list_is_asked_for_again(api: CannedApi, canned: Open) -> None:
    """An outage while scrolling does not end the list."""
    api.jobs = [job(number) for number in range(120)]
    broken = True

    def listed(asked: Asked) -> Any:
        if broken and "cursor" in asked.query:
            return refused(503, "UNAVAILABLE", "Busy.", headers={"Retry-After": "1"})
        return Answer(api.page_of(asked))

    api.on("GET /seq/acme/jobs", listed)
    opened = canned()
    opened.page.get_by_role("grid").wait_for()
    opened.page.locator(".grid .rows").evaluate("rows => { rows.scrollTop = rows.scrollHeight }")
    expect(opened.page.locator(".trouble")).to_contain_text("Busy")
    broken = False
    expect(opened.page.locator(".above")).to_contain_text("100 jobs")
    opened.forgive(503)
