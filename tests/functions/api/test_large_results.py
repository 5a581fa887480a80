"""Results that are too large for their rows or for an answer."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from noukai_functions.jobs.lifecycle import Payload, State
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_wire import limits
from noukai_wire.routes import Route
from tests.functions.harness import System, output

QUOTES = len('""')


def repeated(system: System, size: int, **options: Any) -> str:
    """Run a job whose result is text of that many bytes of JSON; return its id."""
    parameters = {"value": "x", "times": size - QUOTES}
    job_id: str = system.submit("trial/repeat", parameters=parameters, options=options).body["id"]
    system.deliver()
    return job_id


def kept(system: System, job_id: str) -> Payload:
    payload = system.row(job_id).result_object
    assert payload is not None
    return payload


def lose(system: System, s3: Endpoint, job_id: str) -> None:
    bucket = system.deployment.objects.bucket
    s3.client("s3").delete_object(Bucket=bucket, Key=kept(system, job_id).key)


def test_result_of_the_rows_limit_is_in_the_row(system: System) -> None:
    """It needs no S3, which this deployment does not have."""
    job_id = repeated(system, limits.MAX_ROW_RESULT_BYTES)
    assert system.row(job_id).result_object is None
    assert len(output(system.status(job_id))) == limits.MAX_ROW_RESULT_BYTES - QUOTES


@pytest.mark.parametrize("size", [limits.MAX_ROW_RESULT_BYTES + 1, limits.MAX_RESULT_BYTES])
def test_larger_result_is_kept_as_an_object(large: System, size: int) -> None:
    """Every route that shows results shows it in whole; the row stays small."""
    job_id = repeated(large, size)
    assert kept(large, job_id).size == size
    shown = large.status(job_id)
    assert output(shown) == "x" * (size - QUOTES)
    (entry,) = large.send(Route.STATUSES, body={"ids": [job_id]}).body["jobs"]
    assert entry["job"] == shown == large.send(Route.WAIT_BY_ID, id=job_id).body
    assert large.send(Route.CANCEL_BY_ID, id=job_id).body == shown
    (item,) = [each for each in large.deployment.table.client.scan(TableName="jobs")["Items"] if "s" in each]
    assert len(str(item)) < 1024


def test_result_beyond_an_answer_is_behind_a_url(large: System, s3: Endpoint) -> None:
    """The answer says where it is, its size and its type; the published SDKs find the job completed."""
    size = limits.MAX_RESULT_BYTES + 1
    shown = large.status(repeated(large, size))
    result = shown["result"]
    assert (shown["state"], result["status"], result["outputBytes"]) == ("completed", "completed", size)
    assert "output" not in result
    content = httpx.get(result["outputUrl"], verify=s3.trust()).content
    assert json.loads(content) == "x" * (size - QUOTES)
    assert hashlib.sha256(content).hexdigest() == result["outputSha256"]


@pytest.mark.parametrize("size", [limits.MAX_ROW_RESULT_BYTES + 1, limits.MAX_RESULT_BYTES + 1])
def test_lost_result_is_reported(large: System, s3: Endpoint, size: int) -> None:
    """The job stays completed; a caller who reads only `status` learns of the loss too."""
    job_id = repeated(large, size)
    lose(large, s3, job_id)
    shown = large.status(job_id)
    assert (shown["state"], shown["status"], "result" in shown) == ("completed", "failed", False)
    assert "its result is lost: it is gone" in shown["error"]


def test_result_of_another_content_is_lost(large: System, s3: Endpoint) -> None:
    """An object that is not what the job returned is never shown."""
    job_id = repeated(large, limits.MAX_ROW_RESULT_BYTES + 1)
    payload = kept(large, job_id)
    s3.client("s3").put_object(Bucket=large.deployment.objects.bucket, Key=payload.key, Body=b'"forged"')
    assert "its content was changed" in large.status(job_id)["error"]


def test_failed_write_of_a_result_is_retried(large: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flow may run again, and the job says why."""
    monkeypatch.setitem(large.deployment.environment, "PAYLOADS_BUCKET", "nowhere")
    del large.deployment.__dict__["objects"]
    job_id = repeated(large, limits.MAX_ROW_RESULT_BYTES + 1)
    job = large.row(job_id)
    assert (job.state, job.attempt) == (State.PENDING, 1)
    assert "could not be stored" in (job.last_error or "")


def test_result_beyond_the_limit_fails_for_good(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of the result is sent anywhere."""
    monkeypatch.setattr(limits, "MAX_PAYLOAD_BYTES", 20_000)
    job = system.row(repeated(system, 20_001))
    assert (job.state, job.attempt) == (State.FAILED, 1)
    assert "the result is 20001 bytes of JSON; at most 20000 are allowed" in (job.error or "")


@pytest.mark.parametrize(
    ("keep", "days"),
    [({}, 8), ({"keepSeconds": limits.MIN_KEEP_SECONDS}, 2), ({"keepSeconds": 365 * 86400}, 512)],
)
def test_object_outlives_its_job(large: System, keep: dict[str, int], days: int) -> None:
    """The object's name says how long it is kept; the bucket's rules go by that."""
    job_id = repeated(large, limits.MAX_ROW_RESULT_BYTES + 1, **keep)
    assert kept(large, job_id).key == f"keep-{days}d/acme/{job_id}/{large.row(job_id).created_at}-1"


def test_lists_ask_nothing_of_s3(large: System) -> None:
    """Lists show no results."""
    repeated(large, limits.MAX_ROW_RESULT_BYTES + 1)
    del large.calls[:]
    (job,) = large.send(Route.LIST_ORG, org="acme").body["jobs"]
    assert job["state"] == "completed"
    assert not {"GetObject", "HeadObject"} & {operation for operation, _ in large.calls}
