"""The things that scenarios of roles find: jobs in every state, uploaded inputs, a budget."""

import hashlib
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job
from noukai_infra.operations.orgs.budgets import Budgets, Limits
from noukai_wire.limits import MAX_ROW_RESULT_BYTES
from noukai_wire.routes import Route
from tests.functions.harness import System


@contextmanager
def budget(root: System) -> Iterator[None]:
    """Let the org have one job a month, for a while."""
    budgets = Budgets(root.deployment.usage_totals.client, root.deployment.environment["USAGE_TABLE"])
    budgets.set("acme", Limits(jobs=1))
    try:
        yield
    finally:
        budgets.clear("acme")


def put(system: System, content: bytes) -> str:
    """Upload an input by the place that the system gives for it; gives how a submission refers to it."""
    body = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    target = system.send(Route.UPLOAD, body=body, org="acme", project="trial", flow="repeat").body
    authority = system.deployment.objects.client._endpoint.http_session._verify  # type: ignore[attr-defined]
    trust = ssl.create_default_context(cafile=authority)
    answer = httpx.put(target["url"], content=content, headers=target["headers"], verify=trust)
    assert answer.status_code == 200, answer.text
    return str(target["input"])


def uploaded(root: System) -> str:
    """Return the input of a job that returns more than a row holds."""
    return put(root, json.dumps({"parameters": {"value": "x", "times": MAX_ROW_RESULT_BYTES}}).encode())


def large(root: System) -> str:
    """Return a job that has returned more than a row holds."""
    answer = root.submit("trial/repeat", input=uploaded(root))
    assert answer.status == 202, answer.body
    job_id = str(answer.body["id"])
    root.deliver()
    return job_id


def pending(root: System, flow: str = "add", **options: str) -> str:
    return str(root.submit(f"trial/{flow}", parameters={"a": 1}, options=options).body["id"])


def running(root: System) -> Job:
    now = root.clock.time
    return root.deployment.table.claim(
        pending(root), created_at=now, owner="a worker", lease_until=now + 60_000, now=now
    )


def overdue(root: System, flow: str = "add") -> str:
    job_id = pending(root, flow)
    root.clock.time += START_WITHIN_MS
    return job_id
