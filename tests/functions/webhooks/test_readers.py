"""The readers of the queues of webhooks: they begin with the first endpoint, and nothing is lost before."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from noukai_functions.aws import AwsError, client
from noukai_functions.handlers import tick
from noukai_functions.webhooks.sending.readers import CHECK_MS, Readers
from noukai_wire.routes import Route
from tests.functions.harness import System, record_calls
from tests.functions.webhooks.hooks import MINUTES, Hooks

URL = "https://hooks.example.com/"
TRUST = {"Version": "2012-10-17", "Statement": []}


class Mappings:
    """The two mappings of a deployment, disabled as the template makes them."""

    def __init__(self, system: System) -> None:
        self.client = client("lambda")
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._aws = boto3.client("lambda", region_name="us-east-1")
        role = boto3.client("iam").create_role(RoleName="deliver", AssumeRolePolicyDocument=json.dumps(TRUST))
        self._aws.create_function(
            FunctionName="deliver",
            Runtime="python3.13",
            Role=role["Role"]["Arn"],
            Handler="index.handler",
            Code={"ZipFile": b"handler = print"},
        )
        self.ids = [self._made(queue) for queue in ("EVENTS_QUEUE_URL", "REACTIONS_QUEUE_URL")]
        record_calls(self.client, self.calls)
        readers = Readers(lambda: self.client, self.ids, system.deployment.clock)
        system.deployment.__dict__["readers"] = readers

    def _made(self, queue: str) -> str:
        source = f"arn:aws:sqs:us-east-1:123456789012:{queue}"
        return self._aws.create_event_source_mapping(
            FunctionName="deliver", EventSourceArn=source, Enabled=False
        )["UUID"]

    @property
    def states(self) -> list[str]:
        return [self._aws.get_event_source_mapping(UUID=each)["State"] for each in self.ids]

    def enabled(self) -> list[str]:
        """Return the mappings that were asked to be enabled, since the last look."""
        asked = [given for name, given in self.calls if name == "UpdateEventSourceMapping"]
        assert all(given["Enabled"] is True for given in asked)
        del self.calls[:]
        return [given["UUID"] for given in asked]

    def disable(self) -> None:
        """Do what a deploy does that changes a mapping."""
        for each in self.ids:
            self._aws.update_event_source_mapping(UUID=each, Enabled=False)


@pytest.fixture
def mappings(hooks: Hooks) -> Mappings:
    return Mappings(hooks.system)


def run_tick(hooks: Hooks, after: int = MINUTES) -> None:
    """Let time pass, then do what the tick does about readers."""
    hooks.system.clock.time += after
    tick.run(hooks.deployment, lambda: True, {"readers": tick.enable_readers})


def test_the_first_endpoint_enables_them(hooks: Hooks, mappings: Mappings) -> None:
    """Once: further puts find them enabled."""
    assert mappings.states == ["Disabled", "Disabled"]
    assert hooks.put(URL).status == 201
    assert (mappings.enabled(), mappings.states) == (mappings.ids, ["Enabled", "Enabled"])
    assert (hooks.put(URL).status, hooks.put(URL, "other").status) == (200, 201)
    assert mappings.enabled() == []


@pytest.mark.parametrize("body", [{"url": "http://10.0.0.1/"}, {"url": URL, "events": ["job.unknown"]}])
def test_a_refused_endpoint_enables_nothing(hooks: Hooks, mappings: Mappings, body: dict[str, Any]) -> None:
    assert hooks.put(**body).status == 422
    assert mappings.calls == []


def refusing(operation: str, at: int) -> Callable[..., None]:
    """Let a call fail at the mapping of this number, as while it is being disabled."""
    seen = 0

    def refuse(**_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise AwsError(operation, "ResourceInUseException")

    return refuse


@pytest.mark.parametrize("operation", ["GetEventSourceMapping", "UpdateEventSourceMapping"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_failure_loses_neither_endpoint_nor_secret(
    hooks: Hooks, mappings: Mappings, operation: str, at: int
) -> None:
    """It is a 503 before anything is made; the same request, sent again, makes the endpoint."""
    events = mappings.client.meta.events
    events.register(f"before-call.lambda.{operation}", refusing(operation, at), unique_id="failing")
    refused = hooks.put(URL)
    assert (refused.status, hooks.ask(Route.LIST_WEBHOOKS).body) == (503, {"webhooks": []})
    made = hooks.put(URL)
    assert (made.status, made.body["secret"].startswith("whsec_")) == (201, True)
    assert mappings.states == ["Enabled", "Enabled"]


def test_the_tick_asks_for_nothing_while_there_is_no_endpoint(hooks: Hooks, mappings: Mappings) -> None:
    """But for one read of the table in an hour."""
    del hooks.system.calls[:]
    for _ in range(CHECK_MS // MINUTES):
        run_tick(hooks)
    assert [name for name, _ in hooks.system.calls] == ["Scan"]
    assert mappings.calls == []


def test_the_tick_enables_what_a_deploy_has_disabled(hooks: Hooks, mappings: Mappings) -> None:
    """At once in a new process, as a deploy begins one; within the hour in another."""
    hooks.put(URL)
    run_tick(hooks)
    mappings.disable()
    mappings.enabled()
    run_tick(hooks)
    assert mappings.enabled() == []
    run_tick(hooks, CHECK_MS)
    assert (mappings.enabled(), mappings.states) == (mappings.ids, ["Enabled", "Enabled"])
    mappings.disable()
    fresh = Readers(lambda: mappings.client, mappings.ids, hooks.deployment.clock)
    hooks.deployment.__dict__["readers"] = fresh
    run_tick(hooks)
    assert mappings.states == ["Enabled", "Enabled"]


def test_a_tick_that_failed_is_repeated_by_the_next(hooks: Hooks, mappings: Mappings) -> None:
    hooks.put(URL)
    mappings.disable()
    refuse = refusing("UpdateEventSourceMapping", 2)
    mappings.client.meta.events.register("before-call.lambda.UpdateEventSourceMapping", refuse)
    with pytest.raises(Exception, match="readers"):
        run_tick(hooks)
    assert mappings.states == ["Enabled", "Disabled"]
    run_tick(hooks)
    assert mappings.states == ["Enabled", "Enabled"]
