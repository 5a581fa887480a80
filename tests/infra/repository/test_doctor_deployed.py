"""The doctor's checks of a deployed stack."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import trustme

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.releases.rollback import live_versions
from noukai_infra.operations.ops.queues import queue_states
from noukai_infra.repository.doctor import deployed, flows_here
from noukai_infra.repository.doctor.checks import of_account
from noukai_infra.repository.doctor.finding import NotCheckedError, checked
from noukai_infra.repository.doctor.flows_here import version_here
from noukai_infra.settings import Settings
from noukai_infra.stack.base.aliases import LIVE

STACK = "noukai"


class Handler(BaseHTTPRequestHandler):
    """A handler that is well below /good only."""

    def do_GET(self) -> None:
        self.send_response_only(200 if self.path == "/good/healthz" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_endpoint() -> None:
    """It answers, answers an error, or does not answer."""
    with serving() as port:
        assert deployed.endpoint(f"http://127.0.0.1:{port}/good").endswith("answers")
        with pytest.raises(OperatorError, match="answers 503"):
            deployed.endpoint(f"http://127.0.0.1:{port}/bad")
    with pytest.raises(OperatorError, match="does not answer"):
        deployed.endpoint("http://127.0.0.1:1")


@pytest.mark.parametrize(("days", "said"), [(90, "is valid for 89 days"), (20, "ends in 19 days")])
def test_days_of_a_certificate(authority: trustme.CA, days: int, said: str) -> None:
    """A certificate that ACM should have renewed is wrong."""
    ends = datetime.now(UTC) + timedelta(days=days)
    own, trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost", not_after=ends).configure_cert(own)
    authority.configure_trust(trust)
    with serving(own) as port:
        (found,) = checked("certificate", lambda: deployed.certificate("localhost", time.time(), port, trust))
        with pytest.raises(OperatorError, match="is refused"):
            deployed.certificate("localhost", time.time(), port)
    assert said in found.said
    assert found.is_good is (days > 30)
    with pytest.raises(NotCheckedError, match="no direct connection"):
        deployed.certificate("localhost", time.time(), 1)


def test_stack_that_is_not_deployed(account_with_kinds: Account) -> None:
    """Nothing else is asked of it."""
    (found,) = deployed.findings(account_with_kinds, Settings(stack="other"))
    assert "other is not deployed: `make deploy`" in found.said
    assert not found.is_needed


def test_every_part_of_a_stack(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator's gateway is at another address, and the rest is well."""
    monkeypatch.setattr(deployed, "version_here", lambda: "another")
    found = {each.name: each for each in of_account(account_with_kinds, Settings())}
    assert {
        "bootstrap",
        "permissions",
        "concurrency",
        "throttle",
        "stack",
        "endpoint",
        "flows",
        "versions",
        "backlog",
        "alarms",
        "readers",
        "unprocessed",
        "uncounted",
        "sweep",
    } <= found.keys()
    wrong = {name for name, each in found.items() if not each.is_good and each.is_needed}
    assert wrong == {"endpoint"}
    assert "another is here: `make deploy`" in found["flows"].said


def test_alarm_and_dead_letters(account_with_kinds: Account) -> None:
    """They are wrong, each with the command to run."""
    session = account_with_kinds.session
    url = account_with_kinds.deployed(STACK)["UnprocessedQueueUrl"]
    session.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({}))
    alarm: Any = {"AlarmName": "noukai-stream-age", "StateReason": "a test"}
    session.client("cloudwatch").set_alarm_state(**alarm, StateValue="ALARM")
    try:
        found = {each.name: each for each in deployed.of_health(account_with_kinds, STACK, time.time())}
    finally:
        session.client("cloudwatch").set_alarm_state(**alarm, StateValue="OK")
        session.client("sqs").purge_queue(QueueUrl=url)
    assert not found["stream-age"].is_good
    assert "RUNBOOK.md#stream-age" in found["stream-age"].said
    assert not found["unprocessed"].is_good
    assert found["unprocessed"].said.endswith('`make ops ARGS="dead-letters show"` shows them')


def test_old_backlog(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest message is compared with the setting of its alarm."""
    outputs = account_with_kinds.deployed(STACK)
    now = time.time()
    assert "0 messages wait" in deployed.backlog(account_with_kinds, outputs, 6, now)
    states = queue_states(account_with_kinds.session, outputs, now)
    old = [replace(each, waiting=2, oldest_seconds=7 * 3600.0) for each in states]
    monkeypatch.setattr(deployed, "queue_states", lambda *_, **__: iter(old))
    with pytest.raises(OperatorError, match=r"the oldest for 7\.0 h in the queue"):
        deployed.backlog(account_with_kinds, outputs, 6, now)


def test_version_that_is_rolled_back(account_with_kinds: Account) -> None:
    """Each function whose alias is not at the deployed version is behind."""
    client = account_with_kinds.session.client("lambda")
    assert "every function" in deployed.versions(account_with_kinds, STACK)
    name, before = next(iter(live_versions(account_with_kinds, STACK).items()))
    client.update_function_configuration(FunctionName=name, Description="another")
    later = client.publish_version(FunctionName=name)["Version"]
    client.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=later)
    try:
        with pytest.raises(OperatorError, match=f"{name} run a version"):
            deployed.versions(account_with_kinds, STACK)
    finally:
        client.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=before)


def test_version_of_the_flows_here() -> None:
    """It is made in another process, which is ended when it takes too long."""
    assert len(version_here()) == 8
    with pytest.raises(NotCheckedError, match="not installed within 0 s"):
        flows_here.version_here(0.01)
