"""The view of the deployment's health, which only a key with the scope `ops` has."""

from typing import Any

from playwright.sync_api import expect

from tests.e2e.console.canned import CannedApi
from tests.e2e.console.conftest import Open

BAD = "rgb(179, 38, 30)"
UNKNOWN = "\u2013"
WORKER = {"workerKind": "default", "waiting": 1200, "running": 3, "delayed": 1}


def report(**more: Any) -> dict[str, Any]:
    """Return a report of two worker kinds, of which CloudWatch knows one."""
    known = {**WORKER, "workerKind": "m2048", "oldestSeconds": 7300, "jobs": 40, "failures": 2}
    body = {"checkedAt": "2026-11-30T09:00:00.000Z", "workers": [WORKER, known]}
    return {**body, "deadLetters": 0, "unprocessed": 0, **more}


def test_queues_of_a_real_system_are_shown(visit: Open) -> None:
    """It has no metrics of its queues: their ages are dashes."""
    opened = visit()
    page = opened.page
    page.get_by_role("link", name="Health").click()
    row = page.get_by_role("row").filter(has_text="default")
    expect(row.get_by_role("cell").nth(3)).to_have_text(UNKNOWN)
    expect(page.locator(".figures")).to_contain_text("none")
    opened.shoot("health-real")


def test_old_messages_failures_and_dead_letters_are_told(api: CannedApi, canned: Open) -> None:
    """In words, and in the colour of alarms; then it asks again."""
    api.on("GET /health", lambda _asked: report(deadLetters=4))
    opened = canned()
    page = opened.page
    page.clock.install()
    page.get_by_role("link", name="Health").click()
    cells = page.get_by_role("row").filter(has_text="m2048").get_by_role("cell")
    expect(cells.nth(3)).to_have_text("2 h, old")
    expect(cells.nth(3)).to_have_css("color", BAD)
    expect(cells.nth(5)).to_have_text("2")
    expect(cells.nth(5)).to_have_css("color", BAD)
    other = page.get_by_role("row").filter(has_text="default").get_by_role("cell")
    expect(other).to_have_text(["1,200", "3", "1", UNKNOWN, UNKNOWN, UNKNOWN])
    expect(page.get_by_text("4, being settled")).to_have_css("color", BAD)
    api.on("GET /health", lambda _asked: report(unprocessed=1))
    page.clock.run_for(16_000)
    expect(page.get_by_text("1, for the operator")).to_be_visible()
    opened.shoot("health")


def test_other_keys_are_not_offered_it(api: CannedApi, canned: Open) -> None:
    """What a key may not do is not in the navigation."""
    api.scopes = ["read", "usage"]
    page = canned().page
    expect(page.get_by_role("link", name="Usage")).to_be_visible()
    expect(page.get_by_role("link", name="Health")).to_have_count(0)
