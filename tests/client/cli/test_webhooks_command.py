"""The commands `noukai webhooks …`."""

import json

import pytest

from tests.client.cli.running_command import run
from tests.client.cli.terminal import on_terminal
from tests.client.servers.automation import BILLING, DELIVERY, SECRET
from tests.client.servers.fake_api import FakeApi

pytestmark = pytest.mark.usefixtures("api")
URL = "https://hooks.example.com/new"


def test_secret_of_a_new_endpoint_is_shown_once(api: FakeApi) -> None:
    """It can be read by a script; the hint is for people."""
    given = ("--url", URL, "--event", "job.failed", "--event", "job.cancelled", "--flow", "acme/demo/echo")
    exit_code, printed, said = run("webhooks", "put", "new", *given)
    assert exit_code == 0
    assert ["secret", SECRET] in [line.split() for line in printed.splitlines()]
    assert "not shown again" in said
    assert api.automation.bodies[-1] == {
        "url": URL,
        "events": ["job.failed", "job.cancelled"],
        "flow": "demo/echo",
    }
    _, printed, said = run("webhooks", "put", "new", "--url", URL)
    assert ("secret" in printed, said) == (False, "")
    assert SECRET not in run("webhooks", "list", "--json")[1]


def test_endpoints_are_listed_in_lines(api: FakeApi) -> None:
    """A disabled one says why."""
    reason = "it answered 410: put it again"
    api.automation.webhooks["old"] = {**BILLING, "name": "old", "disabledAt": "x", "disabledReason": reason}
    api.automation.webhooks["sick"] = {**BILLING, "name": "sick", "failingSince": "x"}
    lines = run("webhooks", "list")[1].splitlines()
    assert lines[0].split() == ["billing", "active", "completed", "failed", "cancelled", BILLING["url"]]
    assert (lines[1].split()[1], lines[1].endswith(reason)) == ("disabled", True)
    assert lines[2].split()[1] == "failing"


def test_endpoint_is_shown_rotated_tested_and_deleted(api: FakeApi) -> None:
    assert run("webhooks", "show", "billing")[1].splitlines()[0].split() == ["name", "billing"]
    assert SECRET in run("webhooks", "rotate", "billing", "--revoke")[1]
    assert api.automation.bodies[-1] == {"revoke": True}
    assert run("webhooks", "test", "billing")[1] == f"{DELIVERY['id']}\n"
    assert run("webhooks", "delete", "billing") == (0, "", "")
    assert run("webhooks", "show", "billing")[0] == 5


def test_deliveries_are_listed_to_their_limit() -> None:
    first, second = run("webhooks", "deliveries", "billing")[1].splitlines()
    assert first.split()[:4] == [DELIVERY["id"], "job.failed", "waiting", "2"]
    assert first.endswith("job_1  over loaded")
    assert second.split()[:3] == ["msg_2", "job.failed", "delivered"]
    printed = json.loads(run("webhooks", "deliveries", "billing", "--limit", "1", "--json")[1])
    assert [each["id"] for each in printed["deliveries"]] == [DELIVERY["id"]]


def test_narrow_terminal_shows_why_a_delivery_failed() -> None:
    with on_terminal("webhooks", "deliveries", "billing", TERM="dumb") as (_, terminal):
        lines = [line.split() for line in terminal.read().splitlines()]
    assert {"webhook-id", "state", "status", "said"} <= {*lines[0]}
    assert lines[1][-2:] == ["over", "loaded"]


def test_missed_events_are_sent_again(api: FakeApi) -> None:
    """The time may be typed as a duration."""
    assert run("webhooks", "redeliver", "billing", "--since", "3d")[:2] == (0, "103 sent again\n")
    assert api.automation.bodies[-1].keys() == {"since", "cursor"}
    given = ("--since", "2026-11-30T12:00:00Z", "--json")
    assert json.loads(run("webhooks", "redeliver", "billing", *given)[1]) == {"redelivered": 103}


def test_wrong_event_is_a_mistake_of_usage() -> None:
    exit_code, _, said = run("webhooks", "put", "new", "--url", URL, "--event", "job.done")
    assert (exit_code, "events.0: " in said) == (2, True)
