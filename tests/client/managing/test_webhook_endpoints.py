"""The webhook endpoints of an org, in both colours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from noukai import InvalidArgumentError
from tests.client.conftest import Colour
from tests.client.script import Answer, refused
from tests.client.servers.automation import BILLING, DELIVERY, SECRET
from tests.client.test_client import Api

SINCE = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_endpoint_is_put(colour: Colour) -> None:
    """Only what is stated is sent, a flow without its org; no representation has the secret."""
    api = Api(Answer(201, {**BILLING, "secret": SECRET}), Answer(body=BILLING))
    webhooks = colour.client(api, org="acme", project="demo").webhooks
    made = colour.run(webhooks.put("billing", url=BILLING["url"], events=["job.failed"], flow="echo"))
    assert (made.secret, SECRET in f"{made!r}{made}") == (SECRET, False)
    assert colour.run(webhooks.put("billing", url=BILLING["url"])).secret is None
    assert api.lines == ["PUT /api/v1/webhooks/billing"] * 2
    assert [json.loads(request.content) for request in api.requests] == [
        {"url": BILLING["url"], "events": ["job.failed"], "flow": "demo/echo"},
        {"url": BILLING["url"]},
    ]


@pytest.mark.parametrize("flow", ["acme/demo/echo", "demo/echo", "echo"])
def test_flow_of_an_endpoint_may_be_written_in_each_form(colour: Colour, flow: str) -> None:
    api = Api(Answer(body=BILLING))
    client = colour.client(api, org="acme", project="demo")
    colour.run(client.webhooks.put("billing", url="https://hooks.example.com", flow=flow))
    assert json.loads(api.requests[0].content)["flow"] == "demo/echo"


def test_endpoints_are_listed_read_and_deleted(colour: Colour) -> None:
    disabled = {**BILLING, "disabledAt": "2026-11-30T12:00:00.000Z", "disabledReason": "it answered 410"}
    api = Api(Answer(body={"webhooks": [BILLING, disabled]}), Answer(body=BILLING), Answer(204, b""))
    webhooks = colour.client(api).webhooks
    assert [each.disabled_reason for each in colour.run(webhooks.list())] == [None, "it answered 410"]
    assert colour.run(webhooks.get("billing")).url == BILLING["url"]
    assert colour.run(webhooks.delete("billing")) is None
    one = "/api/v1/webhooks/billing"
    assert api.lines == ["GET /api/v1/webhooks", f"GET {one}", f"DELETE {one}"]
    assert repr(webhooks).endswith("Webhooks('https://api.test/api/v1')")


@pytest.mark.parametrize("revoke", [False, True])
def test_secret_is_rotated(colour: Colour, revoke: bool) -> None:
    api = Api(Answer(body={**BILLING, "secret": SECRET}))
    assert colour.run(colour.client(api).webhooks.rotate("billing", revoke=revoke)).secret == SECRET
    assert api.lines == ["POST /api/v1/webhooks/billing/rotate"]
    assert json.loads(api.requests[0].content) == {"revoke": revoke}


def test_test_event_is_sent(colour: Colour) -> None:
    api = Api(refused(503), Answer(202, {"id": DELIVERY["id"]}))
    assert colour.run(colour.client(api).webhooks.test("billing")) == DELIVERY["id"]
    assert api.lines == ["POST /api/v1/webhooks/billing/test"] * 2


def test_all_pages_of_deliveries_are_gone_through(colour: Colour) -> None:
    """A page is fetched when it is wanted, also after an empty one."""
    api = Api(
        Answer(body={"deliveries": [DELIVERY], "cursor": "a"}),
        Answer(body={"deliveries": [], "cursor": "b"}),
        Answer(body={"deliveries": [{**DELIVERY, "id": "msg_2", "state": "delivered"}]}),
    )
    found = colour.client(api).webhooks.deliveries("billing", page_size=1)
    assert api.lines == []
    assert [each.state for each in colour.collect(found)] == ["waiting", "delivered"]
    line = "GET /api/v1/webhooks/billing/deliveries?limit=1"
    assert api.lines == [line, f"{line}&cursor=a", f"{line}&cursor=b"]


@pytest.mark.parametrize("since", [SINCE, "2026-11-30T12:00:00Z"])
def test_missed_events_are_sent_again(colour: Colour, since: datetime | str) -> None:
    """The pages are gone through, and their events are counted."""
    api = Api(Answer(202, {"redelivered": 100, "cursor": "c"}), Answer(202, {"redelivered": 7}))
    assert colour.run(colour.client(api).webhooks.redeliver("billing", since=since)) == 107
    first = {"since": "2026-11-30T12:00:00Z"}
    assert [json.loads(request.content) for request in api.requests] == [first, {**first, "cursor": "c"}]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda webhooks: webhooks.put("Not A Slug", url="https://x.test"),
            "the name of a webhook endpoint",
        ),
        (lambda webhooks: webhooks.put("billing", url=7), "url: "),
        (lambda webhooks: webhooks.put("billing", url="https://x.test", events="job.failed"), "a list"),
        (
            lambda webhooks: webhooks.put("billing", url="https://x.test", events=["job.done"]),
            "events.0: ",
        ),
        (
            lambda webhooks: webhooks.put("billing", url="https://x.test", flow="echo"),
            "an org and a project",
        ),
        (lambda webhooks: webhooks.get("../x"), "the name of a webhook endpoint"),
        (lambda webhooks: webhooks.redeliver("billing", since="yesterday"), "since: "),
        (lambda webhooks: webhooks.redeliver("billing", since=datetime(2026, 1, 1)), "since: "),  # noqa: DTZ001
        (lambda webhooks: webhooks.deliveries("billing", page_size=101), "page_size"),
        (lambda webhooks: webhooks.deliveries("../x"), "the name of a webhook endpoint"),
    ],
)
def test_wrong_arguments_send_nothing(colour: Colour, call: Any, said: str) -> None:
    api = Api()
    with pytest.raises(InvalidArgumentError, match=said):
        colour.run(call(colour.client(api).webhooks))
    assert api.lines == []
