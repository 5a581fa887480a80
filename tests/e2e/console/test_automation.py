"""Webhook endpoints and schedules: what they did, and what can be done with them."""

from typing import Any

from playwright.sync_api import expect

from tests.e2e.console.canned import Answer, Asked, CannedApi, instant, job, job_id, refused
from tests.e2e.console.conftest import Open

MESSAGE = "msg_aaaaaaaaaaaaaaaaaaaaaaaaaa"
SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="
DELIVERIES = [
    {
        "id": MESSAGE,
        "type": "job.failed",
        "state": "failed",
        "jobId": job_id(1),
        "createdAt": instant(5),
        "tries": 8,
        "status": 500,
        "durationMs": 120,
        "answer": "out of order",
    },
    {
        "id": MESSAGE[:-1] + "b",
        "type": "job.completed",
        "state": "waiting",
        "createdAt": instant(4),
        "tries": 1,
        "nextTryAt": instant(90),
        "error": "The connection was refused.",
    },
]


def endpoint(api: CannedApi, **more: Any) -> dict[str, Any]:
    """Answer for an endpoint; what its steps change is seen at once."""
    webhook: dict[str, Any] = {
        "name": "billing",
        "url": "https://example.com/hooks",
        "events": ["job.completed", "job.failed"],
        "createdAt": instant(0),
        **more,
    }
    deliveries = list(DELIVERIES)
    api.on("GET /webhooks", lambda _asked: {"webhooks": [webhook]})
    api.on("GET /webhooks/billing", lambda _asked: webhook)
    api.on("GET /webhooks/billing/deliveries", lambda _asked: {"deliveries": deliveries})

    def test(_asked: Asked) -> Answer:
        deliveries.insert(
            0,
            {
                "id": MESSAGE,
                "type": "webhook.test",
                "state": "delivered",
                "createdAt": instant(9),
                "tries": 1,
            },
        )
        return Answer({"id": MESSAGE}, 202)

    def rotate(_asked: Asked) -> dict[str, Any]:
        webhook["oldSecretsUntil"] = instant(86_400)
        return webhook | {"secret": SECRET}

    api.on("POST /webhooks/billing/test", test)
    api.on("POST /webhooks/billing/rotate", rotate)
    return webhook


def test_deliveries_show_each_try_and_are_sent_again(api: CannedApi, canned: Open) -> None:
    """With the receiver's answer or the reason, the next try, and the job; all pages of a redelivery."""
    endpoint(api, failingSince=instant(3))
    pages = iter([{"redelivered": 100, "cursor": "next"}, {"redelivered": 3}])
    api.on("POST /webhooks/billing/redeliver", lambda _asked: Answer(next(pages), 202))
    opened = canned("#/webhooks")
    page = opened.page
    expect(page.locator(".entry")).to_contain_text("failing")
    page.get_by_role("link", name="billing").click()
    failed, waiting = page.locator(".delivery").first, page.locator(".delivery").last
    expect(failed).to_contain_text("500 8 tries")
    failed.locator("summary").click()
    expect(failed).to_contain_text("out of order")
    expect(failed.get_by_role("link", name=job_id(1))).to_have_attribute("href", f"#/jobs/{job_id(1)}")
    waiting.locator("summary").click()
    expect(waiting).to_contain_text("The connection was refused.")
    expect(waiting).to_contain_text("Next try")
    opened.shoot("deliveries")
    page.get_by_label("Period to send again").select_option("the last hour")
    page.get_by_role("button", name="Send again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    page.get_by_role("status").filter(has_text="103 events sent again").wait_for()
    first, second = api.requests("POST .*/redeliver")
    assert first.body["since"] == second.body["since"]
    assert second.body["cursor"] == "next"


def test_endpoint_is_tested_and_its_secret_changed(api: CannedApi, canned: Open) -> None:
    """The test's delivery appears; the new secret is shown once, and can be copied."""
    endpoint(api)
    page = canned("#/webhooks/billing").page
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator(".delivery").first).to_contain_text("webhook.test")
    page.get_by_role("button", name="New secret").click()
    page.get_by_role("button", name="Make a new secret").click()
    dialog = page.get_by_role("dialog", name="The new secret")
    dialog.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == SECRET
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("region", name="Endpoint")).to_contain_text("Old secrets sign until")
    assert SECRET not in page.content()


def test_disabled_endpoint_says_why_and_is_deleted(api: CannedApi, canned: Open) -> None:
    """The question comes first; the list is shown afterwards."""
    endpoint(api, disabledAt=instant(7), disabledReason="No try has been answered for three days.")
    api.on("DELETE /webhooks/billing", lambda _asked: Answer(status=204))
    page = canned("#/webhooks/billing").page
    expect(page.get_by_role("main")).to_contain_text("for three days")
    page.get_by_role("button", name="Delete").click()
    assert api.requests("DELETE") == []
    api.on("GET /webhooks", lambda _asked: {"webhooks": []})
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="No webhook endpoints yet").wait_for()


def timed(api: CannedApi, **more: Any) -> None:
    """Answer for a schedule that can be paused, resumed and triggered."""
    schedule = {
        "name": "digest", "flow": "acme/mail/digest", "cron": "0 9 * * 1-5", "zone": "Europe/Berlin",
        "overlap": "allow", "missed": "skip", "source": "api", "state": "active",
        "createdAt": instant(0), "changedAt": instant(0),
        "next": ["2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z"],
        "parameters": {"big": 5},
        "jobs": [{"id": job_id(1), "instant": instant(-3600), "job": job(1)}],
        "history": [
            {"outcome": "skipped", "instant": instant(-7200), "count": 3, "message": "It was running."}
        ],
        **more,
    }  # fmt: skip

    def become(state: str) -> dict[str, Any]:
        schedule["state"] = state
        return schedule

    api.on("GET /schedules", lambda _asked: {"schedules": [schedule]})
    api.on("GET /schedules/digest", lambda _asked: schedule)
    api.on("POST /schedules/digest/pause", lambda _asked: become("paused"))
    api.on("POST /schedules/digest/resume", lambda _asked: become("active"))


def test_schedule_shows_its_instants_and_is_paused_and_resumed(api: CannedApi, canned: Open) -> None:
    """The next and the last ones, and those at which it did not run."""
    timed(api)
    opened = canned("#/schedules")
    page = opened.page
    page.get_by_role("link", name="digest").click()
    following = page.get_by_role("region", name="Next").locator("li")
    expect(following).to_have_count(2)
    expect(following.first.locator("time").first).to_have_attribute("datetime", "2026-12-01T08:00:00Z")
    last = page.get_by_role("region", name="Last")
    expect(last.get_by_role("link")).to_have_text(job_id(1))
    expect(last).to_contain_text("and 2 before")
    expect(last).to_contain_text("It was running.")
    opened.shoot("schedule")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".page-head .pill")).to_have_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".page-head .pill")).to_have_text("active")


def test_schedule_is_triggered(api: CannedApi, canned: Open) -> None:
    """The new job's page opens; a refusal is said in words."""
    timed(api)
    made = {"id": job_id(2), "state": "pending", "createdAt": instant(9), "flow": "acme/mail/digest"}
    api.jobs = [made]
    answers = iter([refused(422, "INVALID_INPUT", "The flow has no input big."), Answer(made, 202)])
    api.on("POST /schedules/digest/trigger", lambda _asked: next(answers))
    opened = canned("#/schedules/digest")
    page = opened.page
    page.get_by_role("button", name="Trigger now").click()
    page.get_by_role("status").filter(has_text="The flow has no input big.").wait_for()
    page.get_by_role("button", name="Trigger now").click()
    page.get_by_role("heading", name=job_id(2)).wait_for()
    opened.forgive(422)


def test_schedule_of_the_code_is_not_deleted_here(api: CannedApi, canned: Open) -> None:
    """The next deployment would bring it back."""
    timed(api, source="code")
    page = canned("#/schedules/digest").page
    page.get_by_role("button", name="Pause").wait_for()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
