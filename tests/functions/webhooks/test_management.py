"""The management of endpoints: callers make, show, change, rotate and delete them."""

import json
from typing import Any

import pytest

from noukai.webhooks import WebhookVerificationError, verify
from noukai_functions.webhooks.store.endpoint import MOST_SECRETS
from noukai_wire import limits, webhooks
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.webhooks.hooks import HOURS, Hooks
from tests.functions.webhooks.receiver import Receiver

URL = "https://hooks.example.com/jobs"
ASKED = {"since": "2023-11-14T00:00:00Z"}


def test_a_secret_is_shown_once(hooks: Hooks) -> None:
    """By the answer that makes the endpoint; no table holds it, and no other answer shows it."""
    made = hooks.put(URL)
    secret = made.body["secret"]
    assert (made.status, secret.startswith("whsec_")) == (201, True)
    again = hooks.put(URL, events=["job.failed"])
    assert again.status == 200
    shown = [again.body, hooks.ask(Route.WEBHOOK).body, hooks.ask(Route.LIST_WEBHOOKS).body["webhooks"][0]]
    for body in shown:
        assert webhooks.Webhook.model_validate(body).secret is None
    assert shown[1]["events"] == ["job.failed"]
    stored = [hooks.deployment.table.client.scan(TableName=name) for name in ("webhooks", "usage")]
    assert secret.removeprefix("whsec_") not in str(stored)


def test_the_secret_is_not_in_a_representation(hooks: Hooks) -> None:
    """A program that prints an endpoint writes no secret into a log."""
    made = webhooks.Webhook.model_validate(hooks.put(URL).body)
    assert made.secret is not None
    assert made.secret not in f"{made!r} {made}"


def test_the_master_is_never_overwritten(hooks: Hooks) -> None:
    """Two processes that make it at once use the same one."""
    first = hooks.put(URL).body["secret"]
    hooks.deployment.master.create()
    hooks.deployment.master._put()  # another process has seen none either
    hooks.deployment.__dict__.pop("master")
    endpoint = hooks.endpoint()
    assert hooks.deployment.master.secret(endpoint, 1) == first
    (parameter,) = hooks.deployment.__dict__["_ssm"].describe_parameters()["Parameters"]
    assert parameter["Type"] == "SecureString"


def test_a_new_endpoint_of_an_old_name_has_another_secret(hooks: Hooks, receiver: Receiver) -> None:
    """And it sees nothing of the one before: neither its deliveries nor its waiting events."""
    first = hooks.put(receiver.url).body["secret"]
    hooks.end_job()
    hooks.react()
    assert hooks.ask(Route.DELETE_WEBHOOK).status == 204
    assert hooks.put(receiver.url).body["secret"] != first
    hooks.deliver()
    assert receiver.posts == []
    assert hooks.ask(Route.WEBHOOK_DELIVERIES).body == {"deliveries": []}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "url"),
        ({"url": 1}, "url"),
        ({"url": ""}, "url"),
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": URL + "x" * limits.MAX_WEBHOOK_URL_LENGTH}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["job.started"]}, "events"),
        ({"url": URL, "events": ["job.failed", "job.failed"]}, "events"),
        ({"url": URL, "flow": "trial/nothing"}, "flow"),
        ({"url": URL, "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_endpoint_is_refused(hooks: Hooks, body: Any, path: str) -> None:
    """With the place that is wrong; nothing is stored."""
    answer = hooks.system.send(Route.PUT_WEBHOOK, body=body, name="billing")
    assert (answer.status, answer.body["detail"]["errors"][0]["path"]) == (422, path)
    assert hooks.ask(Route.LIST_WEBHOOKS).body == {"webhooks": []}


@pytest.mark.parametrize("route", [Route.WEBHOOK, Route.DELETE_WEBHOOK, Route.TEST_WEBHOOK])
@pytest.mark.parametrize("name", ["nobody", "No", "x", "a" * 51])
def test_an_unknown_endpoint_is_not_found(hooks: Hooks, route: Route, name: str) -> None:
    """Whatever its name looks like."""
    answer = hooks.ask(route, name)
    assert (answer.status, answer.code) == (404, ErrorCode.NOT_FOUND)


def test_an_org_has_ten_endpoints(hooks: Hooks) -> None:
    """The limit counts names; another org has its own."""
    answers = [hooks.put(URL, f"hook-{number}") for number in range(limits.MAX_WEBHOOKS + 1)]
    assert [answer.status for answer in answers] == [201] * limits.MAX_WEBHOOKS + [422]
    assert str(limits.MAX_WEBHOOKS) in answers[-1].body["detail"]["message"]
    assert hooks.put(URL, "hook-0").status == 200
    assert hooks.ask(Route.DELETE_WEBHOOK, "hook-0").status == 204
    assert hooks.put(URL, "another").status == 201
    assert len(hooks.ask(Route.LIST_WEBHOOKS).body["webhooks"]) == limits.MAX_WEBHOOKS


def test_the_longest_url_is_accepted(hooks: Hooks) -> None:
    """One character more is not."""
    url = URL + "?" + "x" * (limits.MAX_WEBHOOK_URL_LENGTH - len(URL) - 1)
    assert hooks.put(url).status == 201
    assert hooks.put(url + "x").status == 422


def test_another_org_sees_nothing(hooks: Hooks) -> None:
    """Its endpoint of the same name is another."""
    hooks.put(URL)
    hooks.system.add_key("nk_other", "globex", ("webhooks",))
    hooks.system.key = "nk_other"
    assert hooks.ask(Route.LIST_WEBHOOKS).body == {"webhooks": []}
    assert hooks.ask(Route.WEBHOOK).status == 404
    assert hooks.put("https://elsewhere.example.com/").status == 201
    hooks.system.key = "nk_hooks"
    assert hooks.ask(Route.WEBHOOK).body["url"] == URL


def test_old_secrets_sign_for_a_day(hooks: Hooks, receiver: Receiver) -> None:
    """Beside the new one; each try uses those that are valid then."""
    old = hooks.put(receiver.url).body["secret"]
    rotated = hooks.ask(Route.ROTATE_WEBHOOK, body={})
    new = rotated.body["secret"]
    assert rotated.status == 200
    assert new != old
    assert rotated.body["oldSecretsUntil"]
    hooks.tell()
    for secret in (old, new):
        verify(
            receiver.posts[-1].body, receiver.posts[-1].headers, secret, now=hooks.system.clock.time / 1000
        )
    hooks.system.clock.time += 24 * HOURS + 1
    hooks.tell()
    post, now = receiver.posts[-1], hooks.system.clock.time / 1000
    verify(post.body, post.headers, new, now=now)
    with pytest.raises(WebhookVerificationError):
        verify(post.body, post.headers, old, now=now)


def test_a_revoked_secret_ends_at_once(hooks: Hooks, receiver: Receiver) -> None:
    """With `revoke`, only the new one signs."""
    hooks.put(receiver.url)
    hooks.ask(Route.ROTATE_WEBHOOK, body={"revoke": True})
    hooks.tell()
    assert len(receiver.posts[0].headers["webhook-signature"].split()) == 1


def test_rotations_in_a_row_keep_the_first_secret(hooks: Hooks, receiver: Receiver) -> None:
    """A caller that repeats one whose answer was lost breaks no receiver; five sign at most."""
    old = hooks.put(receiver.url).body["secret"]
    secrets = [hooks.ask(Route.ROTATE_WEBHOOK, body={}).body["secret"] for _ in range(3)]
    assert len({old, *secrets}) == 4
    hooks.tell()
    for secret in (old, *secrets):
        verify(receiver.posts[0].body, receiver.posts[0].headers, secret, now=hooks.system.clock.time / 1000)
    for _ in range(4):
        hooks.ask(Route.ROTATE_WEBHOOK, body={})
    assert len(hooks.endpoint().versions(hooks.system.clock.time)) == MOST_SECRETS


def test_a_rotation_that_comes_second_is_another(hooks: Hooks) -> None:
    """Two at once are one after the other: each caller is shown a secret that signs."""
    hooks.put(URL)
    endpoint = hooks.endpoint()
    assert hooks.deployment.endpoints.rotate(endpoint, {})
    assert not hooks.deployment.endpoints.rotate(endpoint, {})
    assert hooks.endpoint().version == 2


@pytest.mark.parametrize(
    ("route", "more"),
    [
        (Route.WEBHOOK_DELIVERIES, {"query": "cursor=eA"}),
        (Route.WEBHOOK_DELIVERIES, {"query": "limit=0"}),
        (Route.REDELIVER, {"body": {**ASKED, "cursor": "%%"}}),
        (Route.REDELIVER, {"body": {"since": "yesterday"}}),
        (Route.REDELIVER, {"body": {}}),
        (Route.ROTATE_WEBHOOK, {"body": {"revoke": "yes"}}),
    ],
)
def test_a_wrong_request_is_refused(hooks: Hooks, route: Route, more: Any) -> None:
    """With 422, before anything is changed."""
    hooks.put(URL)
    before = hooks.endpoint()
    assert hooks.ask(route, **more).status == 422
    assert hooks.endpoint() == before


def test_deletion_that_was_half_done_is_finished(hooks: Hooks) -> None:
    """The name is removed first: a repeated deletion finds the endpoint."""
    hooks.put(URL)
    hooks.deployment.budgets.remove_webhook("acme", "billing")
    assert hooks.ask(Route.DELETE_WEBHOOK).status == 204
    assert hooks.ask(Route.DELETE_WEBHOOK).status == 404


def test_changes_are_audited(hooks: Hooks, capsys: pytest.CaptureFixture[str]) -> None:
    """With the name of the endpoint and of the key; without URL and secret."""
    hooks.deployment.environment = {**hooks.deployment.environment, "AUDIT": "on"}
    made = hooks.put(URL)
    hooks.ask(Route.ROTATE_WEBHOOK, body={})
    hooks.ask(Route.DELETE_WEBHOOK)
    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in printed.splitlines() if '"audit"' in line]
    assert [(line["action"], line["webhook"], line["key"]) for line in lines] == [
        (action, "billing", "a test") for action in ("put_webhook", "rotate_webhook", "delete_webhook")
    ]
    assert made.body["secret"] not in printed
    assert URL not in printed


def test_a_reader_may_not_see_endpoints(hooks: Hooks) -> None:
    """They need a scope of their own."""
    hooks.system.key = "nk_reader"
    assert hooks.ask(Route.LIST_WEBHOOKS).status == 403
