"""Endpoints are brought back, and what has happened to those that are still there stays."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from noukai_functions.names import BUDGETS
from noukai_functions.webhooks.store import delivery as deliveries
from noukai_functions.webhooks.store import endpoint as endpoints
from noukai_functions.webhooks.store.delivery import DELIVERED, Delivery
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_functions.webhooks.store.endpoints import Endpoints
from noukai_infra.operations.restore.record import TableName
from noukai_infra.operations.restore.rows import told_again
from tests.infra.operations.restore.restored_stack import HOUR_MS, NOW, Deployment, crashing, deployed

THEN = NOW - 3 * HOUR_MS
URL = "https://hooks.example.com/jobs"
HOOK = Endpoint("acme", "hook", "aa11", URL, ("job.completed",), None, THEN)
EVENT = Delivery(HOOK.deliveries, "msg_a", THEN, "job.completed", "job_a", "demo/a", due_at=THEN)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with deployed() as made:
        yield made


def put(deployment: Deployment, *rows: Endpoint | Delivery) -> None:
    encoded = [
        endpoints.encode(each) if isinstance(each, Endpoint) else deliveries.encode(each) for each in rows
    ]
    deployment.put("webhooks", *encoded)


def delete(deployment: Deployment, row: Endpoint | Delivery) -> None:
    deployment.dynamodb.delete_item(TableName=deployment.names["webhooks"], Key=row.key)


def mark(deployment: Deployment, org: str, *names: str, **more: Any) -> None:
    marks = {"hooks": {"SS": list(names)}} if names else {}
    deployment.put("usage", {"o": {"S": BUDGETS}, "k": {"S": org}, **marks, **more})


def marked(deployment: Deployment) -> dict[str, set[str]]:
    """Return what each org's row says of its endpoints."""
    rows = deployment.rows("usage").values()
    return {row["k"]["S"]: set(row["hooks"]["SS"]) for row in rows if "hooks" in row}


def found(deployment: Deployment, name: str) -> Endpoint | None:
    return Endpoints(deployment.dynamodb, deployment.names["webhooks"]).read("acme", name)


def lose_much(deployment: Deployment) -> None:
    """Give it endpoints, of which one is changed, one deleted and one made after the moment."""
    deployment.empty()
    gone, new = replace(HOOK, name="gone", suspended_until=THEN, failures=9), replace(HOOK, name="new")
    put(deployment, HOOK, gone, EVENT)
    mark(deployment, "acme", "hook", "gone", jobs={"N": "5"})
    deployment.note()
    changed = replace(HOOK, url="https://other.example.com", version=3, old_until={2: NOW}, disabled_at=NOW)
    put(deployment, changed, new, replace(EVENT, state=DELIVERED, tries=1))
    put(deployment, replace(EVENT, id="msg_b", at=NOW, due_at=NOW))
    delete(deployment, gone)
    mark(deployment, "acme", "hook", "new", jobs={"N": "7"})
    mark(deployment, "other", "lost")


def test_endpoints_are_those_of_the_moment(deployment: Deployment) -> None:
    """They are healthy and looked at, and signed for as since the last rotation."""
    lose_much(deployment)
    deployment.restore(["webhooks"])
    assert found(deployment, "hook") == replace(HOOK, version=3, old_until={2: NOW}, due_at=NOW)
    assert found(deployment, "gone") == replace(HOOK, name="gone", old_until={}, due_at=NOW)
    assert found(deployment, "new") is None
    due = {row["q"]["S"] for name, row in deployment.rows("webhooks").items() if "endpoint#" in name}
    assert due == {"#due"}


def test_deliveries_stay_as_they_are(deployment: Deployment) -> None:
    """Nothing is sent twice, and what waits is not forgotten; what was lost waits again."""
    lose_much(deployment)
    lost = replace(EVENT, id="msg_lost")
    put(deployment, lost)
    deployment.note()
    delete(deployment, lost)
    before = deployment.rows("webhooks")
    deployment.restore(["webhooks"])
    rows = {name: row for name, row in deployment.rows("webhooks").items() if "endpoint#" not in name}
    stayed = {name: row for name, row in before.items() if "endpoint#" not in name}
    assert rows == {**stayed, f"{lost.endpoint}/{lost.place}": deliveries.encode(lost)}
    assert len(stayed) == 2


@pytest.mark.parametrize(
    ("tables", "names", "jobs"),
    [
        (["webhooks"], {"hook", "gone"}, "7"),
        (["usage"], {"hook", "new"}, "5"),
        (["usage", "webhooks"], {"hook", "gone"}, "5"),
    ],
)
def test_every_endpoint_that_is_there_is_told(
    deployment: Deployment, tables: list[TableName], names: set[str], jobs: str
) -> None:
    """The rows of orgs name those that the other table has, whichever of the two is restored."""
    lose_much(deployment)
    deployment.restore(tables)
    assert marked(deployment) == {"acme": names}
    assert deployment.rows("usage")[f"{BUDGETS}/acme"]["jobs"] == {"N": jobs}


def test_restoration_that_breaks_off_anywhere_goes_on(deployment: Deployment) -> None:
    """Endpoints and what orgs' rows say of them end as in one run."""
    tables: list[TableName] = ["usage", "webhooks"]
    lose_much(deployment)
    deployment.restore(tables)
    expected, crashes = (deployment.rows("webhooks"), deployment.rows("usage")), 0
    lose_much(deployment)
    while crashing(deployment, crashes, tables):
        deployment.restore(tables)
        assert (deployment.rows("webhooks"), deployment.rows("usage")) == expected, crashes
        crashes += 1
        lose_much(deployment)
    assert crashes > 20


def changed(then: Endpoint, now: Endpoint | None) -> Mapping[str, Any] | None:
    return told_again(NOW)(endpoints.encode(then), None if now is None else endpoints.encode(now))


def test_endpoint_that_is_the_same_stays() -> None:
    """With its rotations, its failures, and whether it is disabled."""
    now = replace(HOOK, version=2, failures=3, failing_since=NOW, disabled_at=NOW, disabled_reason="gone")
    assert changed(HOOK, now) is None
    assert changed(now, HOOK) is None


def test_endpoint_made_again_has_its_former_secret() -> None:
    """The secret of the later one of that name is none of its."""
    row = changed(
        replace(HOOK, version=2), replace(HOOK, made="bb22", version=7, url="https://b.example.com")
    )
    assert row is not None
    assert endpoints.decode(row) == replace(HOOK, version=2, old_until={}, due_at=NOW)


def test_disabled_endpoint_comes_back_disabled() -> None:
    disabled = replace(HOOK, disabled_at=THEN, disabled_reason="it answered 410")
    row = changed(disabled, None)
    assert row is not None
    assert endpoints.decode(row) == replace(disabled, old_until={}, due_at=NOW)
