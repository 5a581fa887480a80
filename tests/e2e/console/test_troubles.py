"""The words of the page when the API refuses, limits or is away, and how it goes on."""

import pytest
from playwright.sync_api import expect

from tests.e2e.console.canned import Answer, CannedApi, Held, job, job_id, refused
from tests.e2e.console.conftest import Open, Visit

HIDE = """() => {
  Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""
SHOW = "() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')) }"

GATEWAY = Answer({"message": "Service Unavailable"}, 503, {"Retry-After": "1"})


def trouble_then_jobs(api: CannedApi, opened: Visit, words: str) -> None:
    """Await the words, and the list as soon as the API answers."""
    expect(opened.page.locator(".trouble")).to_contain_text(words)
    api.handlers.clear()
    opened.page.locator(f"[data-id={job_id(0)}]").wait_for()
    expect(opened.page.locator(".trouble")).to_be_empty()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused(429, "RATE_LIMITED", "Slow down.", headers={"Retry-After": "2"}), "goes on in 2 s"),
        (Answer({"message": "Too Many Requests"}, 429), "Too many requests"),
        (refused(503, "UNAVAILABLE", "A table is throttled.", headers={"Retry-After": "1"}), "throttled"),
        (GATEWAY, "The API answered 503"),
    ],
    ids=["429", "429 of the gateway", "503", "503 of the gateway"],
)
def test_refusal_in_passing_is_said_and_passes(
    api: CannedApi, canned: Open, answer: Answer, words: str
) -> None:
    """With the time at which the page goes on, if the API has said one."""
    api.jobs = [job(0)]
    api.on("GET /seq/acme/jobs", lambda _asked: answer)
    opened = canned()
    trouble_then_jobs(api, opened, words)
    opened.forgive(answer.status)


def test_pause_of_the_api_is_kept(api: CannedApi, canned: Open) -> None:
    """No request comes before the time that `Retry-After` names."""
    api.jobs = [job(0)]
    opened = canned("#/usage")
    opened.page.get_by_role("heading", name="No job has ended").wait_for()
    answer = refused(429, "RATE_LIMITED", "Slow down.", headers={"Retry-After": "3"})
    api.on("GET /seq/acme/jobs", lambda _asked: answer)
    with opened.page.expect_response("**/seq/acme/jobs**"):
        opened.go("#/jobs")
    refused_at = opened.page.evaluate("performance.now()")
    api.handlers.clear()
    with opened.page.expect_response("**/seq/acme/jobs**"):
        pass
    assert opened.page.evaluate("performance.now()") - refused_at > 2800
    opened.errors.clear()


@pytest.mark.parametrize("place", ["#/jobs", f"#/jobs/{job_id(0)}", "#/flows", "#/schedules", "#/webhooks"])
def test_revoked_key_leads_to_the_sign_in(api: CannedApi, canned: Open, place: str) -> None:
    """Whatever view is open; the key is forgotten, and the address is still that of the view."""
    api.jobs = [job(0)]
    opened = canned("#/usage")
    opened.page.get_by_role("heading", name="No job has ended").wait_for()
    api.on(
        "(?!.*console).*", lambda _asked: refused(401, "UNAUTHENTICATED", "The key is not known or revoked.")
    )
    page = opened.go(place)
    expect(page.get_by_role("alert")).to_contain_text("not valid, or not any more")
    assert page.evaluate("sessionStorage.length") == 0
    assert page.url.endswith(place)
    api.handlers.clear()
    page.get_by_label("API key").fill("nk_other")
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Views").wait_for()
    assert api.asked[-1].headers["authorization"] == "Bearer nk_other"
    opened.errors.clear()


def test_other_key_sees_its_own_flows(api: CannedApi, canned: Open) -> None:
    """Nothing of the key before is left in the tab."""
    flow = {"flow": "acme/studio/greet", "input": {"type": "object"}, "timeoutSeconds": 9, "maxAttempts": 1}
    api.flows = [flow]
    page = canned("#/flows").page
    page.get_by_role("link", name="studio/greet").wait_for()
    page.get_by_role("button", name="Sign out").click()
    api.flows = [flow | {"flow": "other/lab/measure"}]
    page.get_by_label("API key").fill("nk_other")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="lab/measure").wait_for()
    expect(page.get_by_text("studio/")).to_have_count(0)


@pytest.mark.parametrize("place", ["#/jobs", f"#/jobs/{job_id(0)}", "#/flows", "#/schedules", "#/webhooks"])
def test_hidden_tab_asks_for_nothing(api: CannedApi, canned: Open, place: str) -> None:
    """Not even after an error, and not for its key; it goes on when it is seen again."""
    api.jobs = [job(0, "running")]
    opened = canned("#/usage")
    opened.page.get_by_role("heading", name="No job has ended").wait_for()
    opened.page.clock.install()
    api.on("GET /(?!console).*", lambda _asked: GATEWAY)
    opened.go(place)
    expect(opened.page.locator(".trouble")).to_contain_text("503")
    opened.page.evaluate(HIDE)
    opened.page.evaluate("fetch('/api/v1/console')")
    before = len(opened.requests)
    opened.page.clock.run_for(120_000)
    assert opened.requests[before:] == []
    api.handlers.clear()
    opened.page.evaluate(SHOW)
    with opened.page.expect_request("**/api/v1/**"):
        opened.page.clock.run_for(1000)
    opened.errors.clear()


def test_one_request_is_under_way_at_a_time(api: CannedApi, canned: Open) -> None:
    """A slow answer is waited for, however often the tab is hidden and seen."""
    api.jobs = [job(0, "running")]
    page = canned().page
    page.get_by_role("grid").wait_for()
    held = Held()
    page.route("**/jobs/status", held.take)
    page.route("**/seq/acme/jobs*", held.take)
    with page.expect_request("**/api/v1/**"):
        pass
    page.clock.install()
    for _ in range(5):
        page.evaluate(HIDE)
        page.evaluate(SHOW)
        page.clock.run_for(30_000)
    assert len(held.routes) == 1


def test_what_the_key_may_not_do_is_not_offered(api: CannedApi, canned: Open) -> None:
    """A key that may only read has neither buttons that act nor views that it may not see."""
    api.scopes = ["read"]
    api.jobs = [job(0, "running"), job(1, "failed", error="no")]
    opened = canned()
    page = opened.page
    page.get_by_role("grid").wait_for()
    views = page.get_by_role("navigation", name="Views").get_by_role("link").all_inner_texts()
    assert views == ["Jobs", "Flows"]
    page.get_by_role("button", name="Select 2").click()
    assert page.get_by_role("toolbar").get_by_role("button").all_inner_texts() == ["Clear"]
    for number in range(2):
        opened.go(f"#/jobs/{job_id(number)}")
        page.get_by_role("heading", name=job_id(number)).wait_for()
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        expect(page.get_by_role("button", name="Retry")).to_have_count(0)
        expect(page.get_by_role("button", name="Submit")).to_have_count(0)
