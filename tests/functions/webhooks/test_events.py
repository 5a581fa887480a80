"""The way of an event: from the end of a job to a signed request, and its record."""

import json
from typing import Any

import pytest

from noukai.webhooks import verify
from noukai_functions.handlers import deliver, reactions
from noukai_wire.routes import Route
from tests.functions.webhooks.hooks import MINUTES, Hooks
from tests.functions.webhooks.receiver import Receiver

STANDARD = {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_an_endpoint_is_told_of_the_end(hooks: Hooks, receiver: Receiver) -> None:
    """It gets the job's status as the API shows it, signed with its secret, after the terminal write."""
    made = hooks.put(receiver.url)
    assert made.status == 201
    job_id = hooks.tell()
    (post,) = receiver.posts
    hooks.system.key = "nk_hooks"
    event = verify(post.body, post.headers, made.body["secret"], now=hooks.system.clock.time / 1000)
    assert event["type"] == "job.completed"
    assert event["data"] == hooks.system.status(job_id)
    (record,) = hooks.deliveries()
    assert (record.state, record.tries, record.status, record.id) == ("delivered", 1, 204, post.id)


def test_headers_are_an_exact_list(hooks: Hooks, receiver: Receiver) -> None:
    """No header, body or record holds the secret in any form."""
    secret = hooks.put(receiver.url).body["secret"]
    hooks.tell()
    (post,) = receiver.posts
    of_http = {"host", "content-length", "connection", "accept-encoding"}
    assert post.headers.keys() - of_http == {"content-type", "user-agent", *STANDARD}
    everything = str(post) + str(hooks.deployment.table.client.scan(TableName="webhooks")["Items"])
    assert secret.removeprefix("whsec_") not in everything


@pytest.mark.parametrize(
    ("flow", "body", "kind"),
    [
        ("trial/add", {"parameters": {"a": 1}}, "job.completed"),
        ("trial/fail", {"message": "no", "options": {"maxAttempts": 1}}, "job.failed"),
    ],
)
def test_an_endpoint_gets_what_it_asks_for(
    hooks: Hooks, receiver: Receiver, flow: str, body: Any, kind: str
) -> None:
    """By its events and its flow."""
    hooks.put(receiver.url, "wanted", events=[kind], flow=flow)
    hooks.put(receiver.url, "other", events=["job.cancelled"])
    hooks.put(receiver.url, "elsewhere", flow="trial/greet")
    hooks.tell(flow, **body)
    assert [post.event["type"] for post in receiver.posts] == [kind]
    assert hooks.deliveries("other") == hooks.deliveries("elsewhere") == []


def test_a_cancelled_job_is_told_of(hooks: Hooks, receiver: Receiver) -> None:
    """Whatever path settles a job, the stream sees it."""
    hooks.put(receiver.url)
    job_id = hooks.system.submit(parameters={"a": 1}).body["id"]
    hooks.system.send(Route.CANCEL_BY_ID, id=job_id)
    hooks.react()
    hooks.deliver()
    assert [(post.event["type"], post.event["data"]["id"]) for post in receiver.posts] == [
        ("job.cancelled", job_id)
    ]


def test_a_submission_may_name_its_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    """It works right after the endpoint was made, and tells no other."""
    hooks.put(receiver.url, "other")
    hooks.deployment.budgets.of("acme")  # the org's row is cached now
    hooks.put(receiver.url, "billing", flow="trial/greet")
    hooks.tell(parameters={"a": 1}, options={"webhook": "billing"})
    assert len(receiver.posts) == 1
    assert [each.state for each in hooks.deliveries("billing")] == ["delivered"]
    unknown = hooks.system.submit(parameters={"a": 1}, options={"webhook": "nobody"})
    assert (unknown.status, unknown.body["detail"]["errors"][0]["path"]) == (422, "options.webhook")


def test_a_repeated_submission_outlives_its_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    """The same key gives the same job, though its endpoint is gone."""
    hooks.put(receiver.url)
    headers, options = {"idempotency-key": "k"}, {"webhook": "billing"}
    first = hooks.system.submit(parameters={"a": 1}, options=options, headers=headers)
    hooks.ask(Route.DELETE_WEBHOOK)
    hooks.system.expire_budgets()
    again = hooks.system.submit(parameters={"a": 1}, options=options, headers=headers)
    assert (again.status, again.body["id"]) == (202, first.body["id"])


def test_a_retried_job_names_the_same_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    """A retry keeps what its submission has named."""
    hooks.put(receiver.url, "other", flow="trial/greet")
    hooks.put(receiver.url, "billing", flow="trial/greet")
    options = {"webhook": "billing", "maxAttempts": 1}
    job_id = hooks.tell("trial/fail", message="no", options=options)
    hooks.system.send(Route.RETRY_BY_ID, id=job_id)
    hooks.system.deliver()
    hooks.react()
    hooks.deliver()
    assert len(hooks.deliveries("billing")) == 2
    assert hooks.deliveries("other") == []


def test_an_org_without_endpoints_pays_nothing(hooks: Hooks) -> None:
    """A submission makes the same calls as without webhooks, and no reader of the stream is woken."""
    hooks.system.submit(parameters={"a": 1})
    del hooks.system.calls[:]
    job_id = hooks.system.submit(parameters={"a": 1}).body["id"]
    assert [operation for operation, _ in hooks.system.calls] == ["PutItem", "SendMessage"]
    assert hooks.system.row(job_id).webhook is None
    while hooks.system.messages():
        hooks.system.deliver()
    assert hooks.records() == []


def test_the_mark_is_read_with_the_budget(hooks: Hooks, receiver: Receiver) -> None:
    """An endpoint is seen after 20 seconds at most, without a request more."""
    hooks.system.submit(parameters={"a": 1})
    hooks.put(receiver.url)
    hooks.system.expire_budgets()
    del hooks.system.calls[:]
    job_id = hooks.system.submit(parameters={"a": 1}).body["id"]
    assert [operation for operation, _ in hooks.system.calls] == ["GetItem", "PutItem", "SendMessage"]
    assert hooks.system.row(job_id).webhook == "*"


def test_each_event_has_one_id(hooks: Hooks, receiver: Receiver) -> None:
    """However often the stream and the queue deliver it; each endpoint has its own."""
    hooks.put(receiver.url)
    hooks.put(receiver.url, "other")
    hooks.end_job()
    records = hooks.records()
    for _ in range(2):
        reactions.react({"Records": records}, hooks.deployment)
    while hooks.deliver():
        pass
    assert len(receiver.ids) == 4
    assert len(set(receiver.ids)) == 2
    assert len(hooks.deliveries()) == len(hooks.deliveries("other")) == 1


def test_a_large_result_is_left_out(hooks: Hooks, receiver: Receiver) -> None:
    """More than 20 KB of it; a smaller one is there, from its object too."""
    hooks.put(receiver.url)
    hooks.tell("trial/repeat", parameters={"value": "x", "times": 8_000})
    (post,) = receiver.posts
    assert post.event["data"]["result"]["output"] == "x" * 8_000
    assert "resultOmitted" not in post.event["data"]


def test_text_is_sent_as_its_bytes(hooks: Hooks, receiver: Receiver) -> None:
    """The length and the signature are over the same bytes, whatever characters there are."""
    secret = hooks.put(receiver.url).body["secret"]
    metadata = {"k": "🎈—\u2028é"}
    hooks.tell(parameters={"a": 1}, options={"metadata": metadata})
    (post,) = receiver.posts
    event = verify(post.body, post.headers, secret, now=hooks.system.clock.time / 1000)
    assert event["data"]["metadata"] == metadata
    assert post.body.isascii()
    json.loads(post.body)


def test_events_in_another_order_tell_their_times(hooks: Hooks, receiver: Receiver) -> None:
    """What is tried again arrives after a later event: each says when it happened."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    hooks.tell()
    receiver.answer_with(200)
    hooks.system.clock.time += 1000
    hooks.tell()
    hooks.tick(MINUTES)
    first, later, again = (post.event["timestamp"] for post in receiver.posts)
    assert first == again < later


def test_a_message_of_a_later_version_is_sent(hooks: Hooks, receiver: Receiver) -> None:
    """During an update its sender may be newer: what it says beyond this version is ignored."""
    hooks.put(receiver.url)
    hooks.end_job()
    hooks.react()
    (record,) = hooks.received()
    changed = json.dumps({**json.loads(record["body"]), "colour": "red"})
    event = {"Records": [{"messageId": "m", "body": changed}, {"messageId": "x", "body": "{}"}]}
    assert deliver.deliver(event, hooks.deployment) == {"batchItemFailures": [{"itemIdentifier": "x"}]}
    assert len(receiver.posts) == 1
