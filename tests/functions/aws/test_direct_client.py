"""The direct client on real connections: it answers, fails and retries as botocore's client does."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from select import select
from socket import SO_KEEPALIVE, SOL_SOCKET
from typing import Any
from unittest.mock import patch
from zlib import crc32

import pytest
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from noukai_functions.aws import AwsError, botocore_client
from noukai_functions.aws.botocore_client import BotocoreClient
from noukai_functions.aws.retries import (
    MOST_TRIES,
    TRANSIENT_CODES,
    TRANSIENT_STATUSES,
    RetryQuota,
    backoff_seconds,
)
from tests.functions.stand_ins.aws_server import Canned, CannedServer, canned_server, direct_client

KEY: Any = {"TableName": "jobs", "Key": {"id": {"S": "a"}}}
CUT = Canned(status=None)


def refusal(kind: str, status: int = 400, **more: Any) -> Canned:
    return Canned(status, json.dumps({"__type": f"com.amazonaws#{kind}", "message": "no", **more}).encode())


REFUSALS = {
    "condition": refusal("ConditionalCheckFailedException", Item={"id": {"S": "a"}, "d": {"B": "AAE="}}),
    "condition without a row": refusal("ConditionalCheckFailedException"),
    "transaction": refusal("TransactionCanceledException", CancellationReasons=[{"Code": "None"}]),
    "validation": refusal("ValidationException"),
    "validation with a place": Canned(
        400, b'{"__type": "ValidationException:http://a.b/c", "Message": "no"}'
    ),
    "skewed clock": refusal("InvalidSignatureException"),
    "expired token": refusal("ExpiredTokenException"),
    "throttling": refusal("ThrottlingException"),
    "throughput": refusal("ProvisionedThroughputExceededException"),
    "transaction under way": refusal("TransactionInProgressException"),
    "their error": refusal("InternalServerError", 500),
    "nothing": Canned(503, b""),
    "a page": Canned(502, b"<html>bad gateway</html>"),
    "no JSON": Canned(400, b"what?"),
    "status alone": Canned(404, b"{}"),
    "older name": Canned(
        400,
        b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"}',
        {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"},
    ),
    "cut": CUT,
    "changed on its way": Canned(headers={"x-amz-crc32": "1"}),
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[CannedServer, dict[str, str]]]:
    """Start a server whose callers do not wait between their tries."""
    with canned_server(tmp_path) as (server, environment), patch.object(time, "sleep", lambda _: None):
        yield server, environment


@pytest.fixture
def server(served: tuple[CannedServer, dict[str, str]]) -> CannedServer:
    return served[0]


@pytest.fixture
def tables(served: tuple[CannedServer, dict[str, str]]) -> Iterator[Any]:
    with direct_client("dynamodb", served[1]) as client:
        yield client


def assert_readable(client: Any) -> None:
    """Assert that data, or the end, arrives on the idle connection."""
    assert select([client._connection._kept.sock], [], [], 10)[0]


def test_bytes_are_sent_and_read(server: CannedServer, tables: Any) -> None:
    """Bytes are text on the wire and bytes for the caller; an attribute named `B` is not one."""
    item = {"d": {"B": b"\0\1"}, "s": {"BS": [b"\2"]}, "B": {"S": "x"}, "m": {"M": {"B": {"B": b"\3"}}}}
    wire = {"d": {"B": "AAE="}, "s": {"BS": ["Ag=="]}, "B": {"S": "x"}, "m": {"M": {"B": {"B": "Aw=="}}}}
    server.answers = [Canned(content=(content := json.dumps({"Item": wire}).encode()))]
    server.answers[0].headers["x-amz-crc32"] = str(crc32(content))
    assert tables.get_item(**KEY) == {"Item": item}
    tables.put_item(TableName="jobs", Item=item)
    assert [json.loads(body) for body in server.bodies] == [KEY, {"TableName": "jobs", "Item": wire}]


def test_connection_is_kept(server: CannedServer, tables: Any) -> None:
    """So is one made ahead of the first call; it ends in time and notices a silent peer."""
    tables.open()
    assert_readable(tables)  # TLS sends tickets after the handshake
    for _ in range(3):
        tables.get_item(**KEY)
    assert server.connections == 1
    kept = tables._connection._kept.sock
    assert kept.gettimeout() == 3
    assert kept.getsockopt(SOL_SOCKET, SO_KEEPALIVE) == 1


def test_closed_connection_is_made_anew(server: CannedServer, tables: Any) -> None:
    """The service may announce the end or have closed it since: no try is used up."""
    server.answers = [Canned(is_last=True, headers={"Connection": "close"}), Canned(is_last=True), Canned()]
    tables._quota = RetryQuota(left=0)
    tables.get_item(**KEY)
    tables.get_item(**KEY)
    assert_readable(tables)
    tables.get_item(**KEY)
    assert server.connections == 3


def test_lost_answer_is_asked_for_again(server: CannedServer, tables: Any) -> None:
    """Half an answer counts as none, and its connection is not used again."""
    server.answers = [
        Canned(headers={"Content_Length": "9"}, is_last=True),
        CUT,
        Canned(content=b'{"Count": 1}'),
    ]
    assert tables.query(TableName="jobs") == {"Count": 1}
    assert (server.connections, len(server.bodies)) == (3, 3)


def test_forked_process_has_a_connection_of_its_own(server: CannedServer, tables: Any) -> None:
    """Two processes that share one would read each other's answers."""
    tables.get_item(**KEY)
    child = os.fork()
    if child == 0:
        try:
            tables.get_item(**KEY)
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    tables.get_item(**KEY)
    assert (server.connections, len(server.bodies)) == (2, 3)


def test_untrusted_service_gets_no_request(server: CannedServer, served: Any, tmp_path: Path) -> None:
    """The server has another host's certificate."""
    (tmp_path / "other").mkdir()
    with canned_server(tmp_path / "other") as (_, other):
        environment = {**served[1], "AWS_CA_BUNDLE": other["AWS_CA_BUNDLE"]}
        with direct_client("dynamodb", environment) as client:
            client.open()
            with pytest.raises(AwsError, match="CERTIFICATE_VERIFY_FAILED"):
                client.get_item(**KEY)
    assert server.bodies == []


@pytest.mark.parametrize("service", ["dynamodb", "sqs"])
@pytest.mark.parametrize("kind", REFUSALS)
def test_errors_are_botocores(served: Any, service: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code, row, reasons and the number of tries are the same, whatever the service keeps answering."""
    server, environment = served
    if service == "sqs" and kind == "changed on its way":
        pytest.skip("SQS states no checksum")
    call = {"dynamodb": "get_item", "sqs": "get_queue_attributes"}[service]
    asked = {"dynamodb": KEY, "sqs": {"QueueUrl": "https://queue"}}[service]
    server.answers = [REFUSALS[kind]]
    with direct_client(service, environment) as client, pytest.raises(AwsError) as ours:
        getattr(client, call)(**asked)
    tries = len(server.bodies)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    botocore_client.botocore_session.cache_clear()
    theirs = BotocoreClient.of(service)
    botocore_client.botocore_session.cache_clear()
    if kind == "changed on its way":
        # botocore retries, and accepts the last answer.
        theirs.get_item(**KEY)
    else:
        with pytest.raises(AwsError) as told:
            getattr(theirs, call)(**asked)
        assert ours.value.code == told.value.code
        for name in ("Item", "CancellationReasons") if service == "dynamodb" else ():
            assert ours.value.answer.get(name) == told.value.answer.get(name)
    theirs.close()
    assert (tries, len(server.bodies)) == (len(server.bodies) - tries, 2 * tries)


def test_second_try_may_succeed(server: CannedServer, tables: Any) -> None:
    """So may the third."""
    server.answers = [refusal("ThrottlingException"), Canned(503, b""), Canned(content=b'{"Count": 1}')]
    assert tables.query(TableName="jobs") == {"Count": 1}
    assert len({*server.bodies}) == 1


def test_retries_are_botocores() -> None:
    """The same errors are retried, as often and after the same delays."""
    throttled: Any = ThrottledRetryableChecker
    transient: Any = TransientRetryableChecker
    assert {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES} == TRANSIENT_CODES
    assert set(transient._TRANSIENT_STATUS_CODES) == TRANSIENT_STATUSES
    with patch("random.random", lambda: 0.5):
        assert [backoff_seconds(tries) for tries in range(1, MOST_TRIES)] == [0.5, 1.0]


def test_service_that_fails_for_long_is_asked_less(server: CannedServer, tables: Any) -> None:
    """When the quota is used up, a call is tried once; successes refill the quota."""
    server.answers = [Canned(503, b"")]
    tables._quota = RetryQuota(left=14)
    for _ in range(2):
        with pytest.raises(AwsError):
            tables.get_item(**KEY)
    assert len(server.bodies) == 3 + 1
    server.answers = [Canned()]
    tables.get_item(**KEY)
    assert tables._quota.left == 5
