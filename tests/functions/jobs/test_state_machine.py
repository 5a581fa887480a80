"""Any sequence of requests, deliveries and pauses, compared with a model of the expected states."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from noukai_wire.models import TERMINAL_STATES
from noukai_wire.routes import Route
from tests.functions.harness import System, system_on_moto

OUTCOMES = {"add": "completed", "refuse": "failed"}
ENDS = {"add": {"result"}, "refuse": {"error"}}


class Jobs(RuleBasedStateMachine):
    """The API and the worker; the possible states of each job are derived from the requests."""

    asset: Path
    jobs = Bundle("jobs")

    @initialize()
    def deploy(self) -> None:
        self.stack = ExitStack()
        self.system: System = self.stack.enter_context(system_on_moto(self.asset))
        self.system.add_key("nk_acme", "acme")
        self.flows: dict[str, str] = {}
        self.seen: dict[str, Any] = {}
        self.keys: dict[tuple[str, str], str] = {}

    def teardown(self) -> None:
        self.stack.close()

    @rule(target=jobs, flow=st.sampled_from(sorted(OUTCOMES)), key=st.sampled_from([None, "a", "b"]))
    def submit(self, flow: str, key: str | None) -> Any:
        body: dict[str, Any] = {"parameters": {"a": 1}} if flow == "add" else {}
        answer = self.system.submit(f"trial/{flow}", headers={"idempotency-key": key} if key else {}, **body)
        assert answer.status == 202
        job_id = answer.body["id"]
        if key is not None:
            assert self.keys.setdefault((flow, key), job_id) == job_id
        self.flows[job_id] = flow
        return job_id

    @rule(job_id=jobs)
    def cancel(self, job_id: str) -> None:
        before = self.system.status(job_id)["state"]
        after = self.system.send(Route.CANCEL_BY_ID, id=job_id).body["state"]
        assert after == (before if before in TERMINAL_STATES else "cancelled")

    @rule()
    def deliver(self) -> None:
        self.system.deliver()

    @rule(target=jobs, job_id=jobs)
    def retry(self, job_id: str) -> Any:
        state = self.system.status(job_id)["state"]
        answer = self.system.send(Route.RETRY_BY_ID, id=job_id)
        assert answer.status in (
            {202, 503} if state == "cancelled" else {202} if state == "failed" else {422}
        )
        if answer.status != 202:
            return multiple()
        self.flows[answer.body["id"]] = self.flows[job_id]
        return answer.body["id"]

    @rule(job_id=jobs)
    def claim_and_vanish(self, job_id: str) -> None:
        job, now = self.system.row(job_id), self.system.clock.time
        if job.state == "pending" and job.attempt < job.max_attempts - 1:
            table = self.system.deployment.table
            table.claim(job_id, created_at=job.created_at, owner="lost", lease_until=now + 60_000, now=now)

    @rule(seconds=st.sampled_from([1, 61]))
    def let_time_pass(self, seconds: int) -> None:
        self.system.clock.time += seconds * 1000

    @invariant()
    def statuses_are_what_was_asked_for(self) -> None:
        for job_id, flow in getattr(self, "flows", {}).items():
            status = self.system.status(job_id)
            before = self.seen.get(job_id)
            assert status["state"] in {"pending", "running", "cancelled", OUTCOMES[flow]}
            if before is not None and before["state"] in TERMINAL_STATES:
                assert status == before | {name: status[name] for name in ("stoppedAt",) if name in status}
            if before is not None:
                assert status.get("attempt", 0) >= before.get("attempt", 0)
            if status["state"] == OUTCOMES[flow]:
                assert ENDS[flow] <= status.keys()
            self.seen[job_id] = status


@pytest.fixture
def machine(asset: Path, monkeypatch: pytest.MonkeyPatch) -> type[Jobs]:
    """Return the machine on the flows of these tests."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(Jobs, "asset", asset, raising=False)
    return Jobs


def test_any_sequence(machine: type[Jobs]) -> None:
    """In any order, terminal states stay, attempts grow, and keys and retries name one job."""
    bounded = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=bounded)
