"""Values that a page must not believe, in every place where it shows one, and in its address."""

from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.console.canned import CannedApi, instant, job, job_id
from tests.e2e.console.conftest import Open

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
MESSAGE = "msg_aaaaaaaaaaaaaaaaaaaaaaaaaa"
MARK = "bidi\u202e\u2066 \u05e9\u05dc\u05d5\u05dd"
VALUE = f"{MARKUP} {MARK}"
NAMES = ["a/b", "a:b@c", "it's", "a#b", "a|b", "a b", "a%20b", "a+b", "YWJj/+==", '"onmouseover=x', MARKUP]


def hostile_job(number: int, state: str, **more: Any) -> dict[str, Any]:
    """Return a job whose every free text is hostile."""
    return job(number, state, metadata={VALUE: VALUE}, lastError=VALUE, **more)


def assert_only_text(page: Page) -> None:
    """Assert that nothing of the values became markup."""
    page.get_by_text("onerror").first.wait_for()
    assert page.locator("main img, main script, main iframe, main [onerror]").count() == 0
    assert page.title() == "Noukai console"
    shown = page.locator("main").inner_text()
    assert "\u202e" not in shown


def test_hostile_texts_of_jobs_are_text_in_each_column(api: CannedApi, canned: Open) -> None:
    """In the list, the error, the progress, the events, the log and its fields."""
    line = {"at": instant(1), "attempt": 1, "stream": "stdout", "level": "error", "message": VALUE}
    log = {"lines": [{**line, "fields": {VALUE: VALUE}}], "after": "end", "done": True}
    api.jobs = [
        hostile_job(1, "failed", error=f'{VALUE}\n  File "{VALUE}", line 1, in {VALUE}'),
        hostile_job(2, "running", progress={"percent": 10, "message": VALUE}),
        hostile_job(3, "completed", result={"status": "success", "output": {VALUE: VALUE}}),
    ]
    api.on("GET /jobs/[^/]+/logs", lambda _asked: log)
    api.on(
        "GET /jobs/[^/]+/events",
        lambda _asked: {"events": [{"at": instant(1), "type": "retried", "attempt": 1, "message": VALUE}]},
    )
    api.on("GET /jobs/[^/]+/input", lambda _asked: {"parameters": {VALUE: VALUE}})
    opened = canned()
    opened.page.get_by_role("grid").wait_for()
    assert_only_text(opened.page)
    for number in (1, 2, 3):
        opened.go(f"#/jobs/{job_id(number)}")
        opened.page.get_by_role("heading", name=job_id(number)).wait_for()
        opened.page.locator(".log-row").first.click()
        assert_only_text(opened.page)
    opened.shoot("hostile-values")


def test_hostile_texts_of_other_views_are_text(api: CannedApi, canned: Open) -> None:
    """Descriptions of flows, problems of schedules, addresses and answers of receivers."""
    schema = {
        "type": "object",
        "properties": {VALUE: {"type": "string", "description": VALUE, "default": VALUE}},
    }
    api.flows = [
        {
            "flow": "acme/studio/greet",
            "description": VALUE,
            "input": schema,
            "timeoutSeconds": 1,
            "maxAttempts": 1,
        }
    ]
    webhook = {"name": "w", "url": f"https://x/{VALUE}", "events": ["job.completed"], "createdAt": instant(0)}
    delivery = {"id": MESSAGE, "type": "job.failed", "state": "failed", "createdAt": instant(0), "tries": 2}
    api.on("GET /webhooks", lambda _asked: {"webhooks": [webhook]})
    api.on("GET /webhooks/w", lambda _asked: webhook | {"disabledReason": VALUE})
    api.on(
        "GET /webhooks/w/deliveries",
        lambda _asked: {"deliveries": [delivery | {"answer": VALUE, "error": VALUE}]},
    )
    opened = canned("#/flows")
    for place in ("#/flows", "#/flows/acme/studio/greet", "#/webhooks", "#/webhooks/w"):
        assert_only_text(opened.go(place))


@pytest.mark.parametrize("name", NAMES)
def test_name_in_a_link_arrives_as_it_is(api: CannedApi, canned: Open, name: str) -> None:
    """The API is asked for exactly this name, and the answer is shown in words."""
    opened = canned("#/usage")
    opened.page.get_by_role("heading", name="No job has ended").wait_for()
    for place in ("jobs", "webhooks", "schedules"):
        opened.go(f"#/{place}/{quote(name, safe='')}")
        opened.page.get_by_role("heading", name="cannot be shown").wait_for()
        asked = [each.path for each in api.requests(f"GET /{place}/")]
        expected = f"/{place}/{quote(name, safe='!~*()' + chr(39))}"
        assert expected in asked
        assert all(path.startswith(expected) for path in asked)
    assert_nothing_moved(opened.page)
    opened.forgive(404)


def assert_nothing_moved(page: Page) -> None:
    """Assert that a name was no markup."""
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "Noukai console"


def test_steps_in_a_name_lead_to_no_other_route(api: CannedApi, canned: Open) -> None:
    """A browser would resolve them before it sends the request."""
    opened = canned("#/usage")
    opened.page.get_by_role("heading", name="No job has ended").wait_for()
    before = len(api.asked)
    for place in ("#/jobs/..", "#/webhooks/%2e%2e", "#/schedules/."):
        opened.go(place)
        expect(opened.page.get_by_role("main")).to_contain_text("nothing of this name")
    assert api.asked[before:] == []


def test_parameters_of_the_address_are_checked(api: CannedApi, canned: Open) -> None:
    """Those that are no state, flow or time are ignored, and none is echoed as markup."""
    api.jobs = [job(1)]
    query = f"state=%22onmouseover%3D1&flow=../../keys&from=javascript:alert(1)&days={quote(MARKUP)}"
    opened = canned(f"#/jobs?{query}")
    opened.page.get_by_role("grid").wait_for()
    assert next(each.query for each in api.requests("GET /seq/acme/jobs$")) == {"limit": "50"}
    opened.go(f"#/usage?{query}")
    opened.page.get_by_role("heading", name="No job has ended").wait_for()
    opened.go(f"#/{quote(MARKUP)}")
    opened.page.get_by_role("heading", name="There is no such view").wait_for()
    assert_nothing_moved(opened.page)


def test_line_of_a_megabyte_does_not_freeze_the_page(api: CannedApi, canned: Open) -> None:
    """A row shows its beginning; the whole is shown and copied on demand."""
    whole = "0123456789" * 100_000
    line = {"at": instant(1), "attempt": 1, "stream": "stdout", "level": "info", "message": whole}
    api.jobs = [job(1)]
    api.on(
        "GET /jobs/[^/]+/logs",
        lambda _asked: {"lines": [line] * 3 + [line | {"message": "after"}], "after": "end", "done": True},
    )
    page = canned(f"#/jobs/{job_id(1)}").page
    expect(page.get_by_role("log")).to_contain_text("after")
    assert len(page.get_by_role("log").inner_text()) < 10_000
    page.locator(".log-row").first.click()
    aside = page.get_by_role("complementary", name="Line")
    assert len(aside.inner_text()) < 30_000
    aside.get_by_role("button", name="Copy").first.click()
    page.get_by_role("status").filter(has_text="Copied the line").wait_for()
    assert page.evaluate("navigator.clipboard.readText().then(text => text.length)") == len(whole)
    aside.get_by_role("button", name="Show all").click()
    assert page.evaluate("1 + 1") == 2
