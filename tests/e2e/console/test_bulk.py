"""Acting on many jobs: on those that were confirmed, and on no other."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.console.canned import Answer, Asked, CannedApi, Held, job, job_id, refused
from tests.e2e.console.conftest import Open


def cancels(api: CannedApi) -> None:
    """Cancel jobs as the API does."""

    def cancel(asked: Asked) -> Any:
        found = next(each for each in api.jobs if f"/jobs/{each['id']}/cancel" == asked.path)
        found |= {"state": "cancelled", "completedAt": found["createdAt"]}
        return found

    api.on("POST /jobs/[^/]+/cancel", cancel)


def retries(api: CannedApi) -> None:
    """Accept each retry."""
    made = {"id": job_id(9999), "state": "pending", "createdAt": "2026-11-30T10:00:00.000Z"}
    api.on("POST /jobs/[^/]+/retry", lambda _asked: Answer({**made, "flow": "acme/studio/greet"}, 202))


def select_all(page: Page) -> None:
    """Choose each loaded job."""
    page.get_by_role("grid").wait_for()
    page.get_by_role("button", name="Select", exact=False).first.click()


def test_confirmation_has_the_filter_and_the_count(api: CannedApi, canned: Open) -> None:
    """After reload, back and forward as well; only what the filter leaves is acted on."""
    api.jobs = [job(number, ("failed", "running", "completed")[number % 3]) for number in range(30)]
    retries(api)
    opened = canned()
    page = opened.page
    page.get_by_role("grid").wait_for()
    page.get_by_role("radio", name="failed").check()
    expect(page.locator(".above")).to_contain_text("10 jobs")
    page.reload()
    opened.go("#/flows")
    page.get_by_role("heading", name="No flows yet").wait_for()
    page.go_back()
    select_all(page)
    page.get_by_role("button", name="Retry 10").click()
    dialog = page.get_by_role("dialog", name="Retry 10 jobs?")
    expect(dialog).to_contain_text("Filter: state failed.")
    opened.shoot("bulk")
    dialog.get_by_role("button", name="Retry 10 jobs").click()
    page.get_by_role("status").filter(has_text="10 jobs submitted again").wait_for()
    acted = {each.path.split("/")[2] for each in api.requests("POST .*/retry")}
    assert acted == {job_id(number) for number in range(0, 30, 3)}
    expect(page.get_by_role("toolbar")).to_have_count(0)


def test_jobs_that_changed_since_are_refused(api: CannedApi, canned: Open) -> None:
    """Nothing is done, and the question names them."""
    api.jobs = [job(number, "running") for number in range(5)]
    cancels(api)
    page = canned().page
    select_all(page)
    page.get_by_role("button", name="Cancel 5").click()
    api.jobs[2] = job(2)
    page.get_by_role("button", name="Cancel 5 jobs").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done: 1 job changed")
    expect(page.get_by_role("alert")).to_contain_text(job_id(2))
    assert api.requests("POST .*/cancel") == []
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Cancel 4").click()
    page.get_by_role("button", name="Cancel 4 jobs").click()
    page.get_by_role("status").filter(has_text="4 jobs cancelled").wait_for()


def test_filter_that_changed_since_is_refused(api: CannedApi, canned: Open) -> None:
    """The way back in the history changes the filter under the question."""
    api.jobs = [job(number, "running") for number in range(3)]
    cancels(api)
    page = canned("#/jobs?state=running").page
    page.evaluate("location.hash = '#/jobs'")
    select_all(page)
    page.get_by_role("button", name="Cancel 3").click()
    page.go_back()
    page.get_by_role("button", name="Cancel 3 jobs").click()
    expect(page.get_by_role("alert")).to_contain_text("the filter changed")
    assert api.requests("POST .*/cancel") == []


def test_partial_failure_is_told_by_id(api: CannedApi, canned: Open) -> None:
    """What failed stays selected, with its reason; the question is not asked again."""
    api.jobs = [job(number, "failed", error="no") for number in range(6)]
    retries(api)
    refusals = {
        f"/jobs/{job_id(number)}/retry": refused(404, "JOB_NOT_FOUND", f"The input of {number} is not kept.")
        for number in (1, 4)
    }
    api.on(f"POST ({'|'.join(refusals)})", lambda asked: refusals[asked.path])
    opened = canned()
    page = opened.page
    select_all(page)
    page.get_by_role("button", name="Retry 6").click()
    page.get_by_role("button", name="Retry 6 jobs").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("2 jobs not submitted again")
    for number in (1, 4):
        expect(alert).to_contain_text(f"{job_id(number)}: The input of {number} is not kept.")
    opened.shoot("bulk-partial")
    page.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_role("toolbar")).to_contain_text("2 jobs selected")
    opened.forgive(404)


def test_too_many_requests_delay_an_act_on_many(api: CannedApi, canned: Open) -> None:
    """Each job is acted on when the API allows it; none is lost."""
    api.jobs = [job(number, "failed", error="no") for number in range(6)]
    retries(api)
    taken: set[str] = set()

    def retry(asked: Asked) -> Answer:
        if asked.path not in taken:
            taken.add(asked.path)
            return refused(429, "RATE_LIMITED", "Slow down.", headers={"Retry-After": "1"})
        return Answer({**job(9999, "pending"), "flow": "acme/studio/greet"}, 202)

    api.on("POST /jobs/[^/]+/retry", retry)
    opened = canned()
    select_all(opened.page)
    opened.page.get_by_role("button", name="Retry 6").click()
    opened.page.get_by_role("button", name="Retry 6 jobs").click()
    opened.page.get_by_role("status").filter(has_text="6 jobs submitted again").wait_for()
    opened.forgive(429)


def test_selection_is_what_is_visible_and_eligible(api: CannedApi, canned: Open) -> None:
    """A job that ends leaves the count; a newer selection outlives an older act."""
    api.jobs = [job(number, "running") for number in range(4)]
    held = Held()
    cancels(api)
    page = canned().page
    select_all(page)
    page.get_by_role("button", name="Cancel 4").wait_for()
    api.jobs[0] = job(0)
    page.get_by_role("button", name="Cancel 3").wait_for()
    page.route(f"**/{job_id(3)}/cancel", held.take)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label(f"Select {job_id(3)}").check()
    page.get_by_role("button", name="Cancel 1").click()
    with page.expect_request("**/cancel"):
        page.get_by_role("button", name="Cancel 1 job").click()
    page.keyboard.press("Escape")
    page.get_by_label(f"Select {job_id(1)}").check()
    held.routes[0].fallback()
    page.get_by_role("status").filter(has_text="1 job cancelled").wait_for()
    expect(page.get_by_label(f"Select {job_id(1)}")).to_be_checked()
    expect(page.get_by_role("toolbar")).to_contain_text("1 job selected")


def test_act_without_an_eligible_job_is_not_offered(api: CannedApi, canned: Open) -> None:
    """The button says why; keys alone cannot press it either."""
    api.jobs = [job(0)]
    page = canned().page
    select_all(page)
    for name, reason in (("Cancel 0", "waits or runs"), ("Retry 0", "failed or was cancelled")):
        button = page.get_by_role("button", name=name)
        expect(button).to_be_disabled()
        assert reason in (button.get_attribute("title") or "")


def test_second_press_is_harmless(api: CannedApi, canned: Open) -> None:
    """The button shows that the act is under way, and takes no second press."""
    api.jobs = [job(0, "running")]
    cancels(api)
    page = canned(f"#/jobs/{job_id(0)}").page
    held = Held()
    page.route("**/cancel", held.take)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").dblclick()
    expect(page.get_by_role("button", name="Working")).to_be_disabled()
    held.routes[0].fallback()
    expect(page.locator(".job-line .state")).to_have_text("cancelled")
    assert len(api.requests("POST .*/cancel")) == 1
