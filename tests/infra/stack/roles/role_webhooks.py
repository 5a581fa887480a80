"""The purposes of the functions of webhooks, played so that each makes every call of AWS that it can make."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any

from noukai_functions.aws import AwsError
from noukai_functions.handlers import deliver, reactions
from noukai_functions.jobs.row import encode
from noukai_functions.refusals import UnavailableError
from noukai_functions.webhooks.store.delivery import Delivery
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_wire.limits import MAX_WEBHOOKS
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.infra.stack.roles.role_jobs import large

NOWHERE = "https://192.0.2.1/"
"""A URL that is refused at each posting without a look-up: its address is not public."""


def _endpoint(root: System, name: str, url: str = NOWHERE) -> Endpoint:
    """Return an endpoint that was not there before."""
    root.deployment.budgets.remove_webhook("acme", name)
    root.deployment.endpoints.delete("acme", name)
    now = root.clock.time
    made = Endpoint("acme", name, token_hex(4), url, ("job.completed",), None, created_at=now)
    root.deployment.endpoints.create(made)
    return made


def _kept(root: System, endpoint: Endpoint, **changes: Any) -> Delivery:
    """Return a delivery of the endpoint that was not made yet."""
    now = root.clock.time
    kept = Delivery(endpoint.deliveries, "msg_" + "a" * 26, now, "job.completed", None, None, due_at=now)
    root.deployment.deliveries.keep(replace(kept, **changes), b"{}")
    return kept


def webhooks(role: System, root: System) -> None:
    """List, show, test and delete an endpoint, and ask again for what it has missed."""
    endpoint = _endpoint(root, "managed")
    _kept(root, endpoint, state="failed", due_at=None)
    assert role.send(Route.LIST_WEBHOOKS).status == 200
    for route in (Route.WEBHOOK, Route.WEBHOOK_DELIVERIES):
        assert role.send(route, name="managed").status == 200
    assert role.send(Route.TEST_WEBHOOK, name="managed").status == 202
    asked = role.send(Route.REDELIVER, body={"since": "2023-01-01T00:00:00Z"}, name="managed")
    assert asked.body == {"redelivered": 1}
    assert role.send(Route.DELETE_WEBHOOK, name="managed").status == 204


def webhook_secrets(role: System, root: System) -> None:
    """Make as many endpoints as an org may have, one more, change one and rotate its secret."""
    ssm, secret = root.deployment.master.client, root.deployment.master.name
    with suppress(AwsError):
        ssm.delete_parameter(Name=secret)
    for endpoint in root.deployment.endpoints.of_org("acme"):
        root.deployment.budgets.remove_webhook("acme", endpoint.name)
        root.deployment.endpoints.delete("acme", endpoint.name)
    body = {"url": "https://hooks.example.com/"}
    with enabling(root):
        for number in range(MAX_WEBHOOKS):
            assert role.send(Route.PUT_WEBHOOK, body=body, name=f"hook-{number}").status == 201
        assert role.send(Route.PUT_WEBHOOK, body=body, name="one-more").status == 422
        assert role.send(Route.PUT_WEBHOOK, body=body, name="hook-0").status == 200
    assert role.send(Route.ROTATE_WEBHOOK, body={}, name="hook-0").status == 200


@contextmanager
def enabling(root: System) -> Iterator[None]:
    """Let a function enable the readers of webhooks, which read nothing afterwards."""
    client = vars(root.deployment)["clients"]["lambda"]
    readers = root.deployment.readers.mappings
    try:
        yield
        for reader in readers:
            assert client.get_event_source_mapping(UUID=reader)["State"] == "Enabled"
    finally:
        for reader in readers:
            client.update_event_source_mapping(UUID=reader, Enabled=False)


def reactions_of(role: System, row: dict[str, Any]) -> None:
    """Handle a job's end, and one that was put off."""
    change = {"SequenceNumber": "1", "NewImage": row}
    event = {"Records": [{"eventID": "1", "dynamodb": change}]}
    assert reactions.react(event, role.deployment) == {"batchItemFailures": []}


def told(role: System, root: System) -> None:
    """Tell an endpoint of a job whose result is an object; put off what cannot be told."""
    _endpoint(root, "told")
    job = replace(root.row(large(root)), webhook="told")
    row = {name: _as_text(value) for name, value in encode(job).items()}
    reactions_of(role, row)
    role.deployment.retry_queue.send(json.dumps({"reaction": "webhooks", "row": row}))
    _consume(role.deployment.retry_queue)


def _as_text(value: Any) -> Any:
    return {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value


def posted(role: System, root: System) -> None:
    """Make first tries, one of which fails, and later ones of what waits."""
    root.deployment.master.create()
    endpoint = _endpoint(root, "posted")
    root.deployment.webhook_deliveries.test(endpoint, lambda _: "{}")
    queue = replace(root.deployment.outbox, client=vars(role.deployment)["clients"]["sqs"])
    records = _consume(queue)
    assert deliver.deliver({"Records": records}, role.deployment) == {"batchItemFailures": []}
    _kept(root, endpoint, at=root.clock.time + 1)
    root.deployment.endpoints.suspend(endpoint, 0, 0)
    root.deployment.endpoints.wake(endpoint, 0, root.clock.time)
    standing = root.deployment.endpoints.read("acme", "posted")
    assert standing is not None
    look = {"org": "acme", "name": "posted", "due_at": standing.due_at}
    deliver.look({"look": look}, role.deployment, lambda: True)
    after = root.deployment.endpoints.read("acme", "posted")
    assert after is not None
    assert after.failures == 2


def _consume(queue: Any) -> list[dict[str, Any]]:
    """Do what Lambda does with a queue under the function's role; return the records."""
    sqs = queue.client
    answer = sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10)
    messages = answer.get("Messages", [])
    for message in messages:
        handle = {"QueueUrl": queue.url, "ReceiptHandle": message["ReceiptHandle"]}
        sqs.change_message_visibility(**handle, VisibilityTimeout=60)
        sqs.delete_message(**handle)
    if not messages:
        raise UnavailableError
    return [{"messageId": each["MessageId"], "body": each["Body"]} for each in messages]


def looked(role: System, root: System) -> None:
    """Look at an endpoint that is due."""
    endpoint = _endpoint(root, "looked")
    root.deployment.endpoints.wake(endpoint, 0, root.clock.time)
    assert role.deployment.looks.begin(lambda: True) >= 1
    with enabling(root):
        role.deployment.readers.keep_enabled(role.deployment.endpoints.has_any)
    root.deployment.endpoints.delete("acme", "looked")
