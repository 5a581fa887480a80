"""Inputs that are too large for a body: uploaded first, then submitted by reference."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused, output
from tests.functions.stand_ins.delayed_messages import moment

DAY_MS = 24 * 60 * 60 * 1000
UNKNOWN = "keep-16d/" + "0" * 64


@dataclass
class Uploads:
    """A deployment, and who uploads to it."""

    system: System
    s3: Endpoint

    def announce(self, content: bytes, flow: str = "trial/repeat", **changes: Any) -> Answer:
        project, name = flow.split("/")
        body = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **changes}
        org = "globex" if self.system.key == "nk_globex" else "acme"
        return self.system.send(Route.UPLOAD, body=body, org=org, project=project, flow=name)

    def upload(self, value: object, flow: str = "trial/repeat", **changes: Any) -> str:
        """Upload an input; return how a submission refers to it."""
        content = json.dumps(value).encode()
        target = self.announce(content, flow, **changes).body
        assert self.put(target, content).status_code == 200
        reference: str = target["input"]
        return reference

    def put(self, target: Any, content: bytes) -> httpx.Response:
        return httpx.put(target["url"], content=content, headers=target["headers"], verify=self.s3.trust())

    def lose(self, reference: str) -> None:
        kept, _, sha256 = reference.partition("/")
        bucket = self.system.deployment.objects.bucket
        self.s3.client("s3").delete_object(Bucket=bucket, Key=f"{kept}/acme/{sha256}")


@pytest.fixture
def uploads(large: System, s3: Endpoint) -> Uploads:
    return Uploads(large, s3)


def test_uploaded_input_runs_as_any_other(uploads: Uploads) -> None:
    """The flow is called with its content, and the message has nothing of it."""
    text = "grüße " * 100_000
    reference = uploads.upload({"message": text}, "trial/greet")
    answer = uploads.system.submit("trial/greet", input=reference)
    assert answer.status == 202
    uploads.system.deliver()
    shown = uploads.system.status(answer.body["id"])
    assert shown["result"]["outputBytes"] == len(json.dumps(f"hello {text}", ensure_ascii=False).encode())


def test_uploaded_input_is_converted_by_the_annotations(uploads: Uploads) -> None:
    """The flow's process checks it by the annotations, as any other input."""
    lines = [{"article": "a"}] * 20_000
    value = {"parameters": {"lines": lines, "colour": "red", "due": "2030-01-01T00:00:00Z", "size": 3}}
    job = uploads.system.run("order", input=uploads.upload(value, "trial/order"))
    assert output(job)["pieces"] == 20_000


@pytest.mark.parametrize(
    ("flow", "value", "said"),
    [
        ("repeat", {"parameters": {"times": 3}}, "parameters.value: is required"),
        ("repeat", {"parameters": {"value": 1, "times": "x"}}, "parameters.times: must be integer"),
        ("repeat", {"value": 1}, "value: is not known in an uploaded input"),
        ("repeat", [], "must be an object"),
        ("greet", {}, "requires a message"),
        ("greet", {"message": "\ud800"}, "surrogate"),
    ],
)
def test_uploaded_input_that_the_flow_does_not_take_fails_for_good(
    uploads: Uploads, flow: str, value: object, said: str
) -> None:
    """Its error is the one that a submission would have been refused with."""
    reference = uploads.upload(value, f"trial/{flow}")
    job = uploads.system.run(flow, input=reference)
    assert (job["state"], job["attempt"]) == ("failed", 1)
    assert "the uploaded input does not fit the flow" in job["error"]
    assert said in job["error"]


@pytest.mark.parametrize("beside", [{"message": "x"}, {"parameters": {"value": 1}}])
def test_reference_stands_alone(uploads: Uploads, beside: dict[str, Any]) -> None:
    """A mix is refused before anything is looked up."""
    reference = uploads.upload({"parameters": {"value": 1}})
    del uploads.system.calls[:]
    answer = uploads.system.submit("trial/repeat", input=reference, **beside)
    assert_refused(uploads.system, answer, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"][0]["path"] == "input"
    assert "HeadObject" not in {operation for operation, _ in uploads.system.calls}


@pytest.mark.parametrize(
    "reference", [UNKNOWN, "keep-3d/" + "0" * 64, "keep-16d/globex/" + "0" * 64, "x", 7, {}]
)
def test_reference_to_nothing_is_refused(uploads: Uploads, reference: object) -> None:
    """Nothing is stored or sent."""
    answer = uploads.system.submit("trial/repeat", input=reference)
    assert_refused(uploads.system, answer, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"][0]["path"] == "input"


def test_upload_of_another_org_is_unknown(uploads: Uploads) -> None:
    """A reference means an upload of the caller's own org."""
    reference = uploads.upload({"parameters": {"value": "secret"}})
    uploads.system.key = "nk_globex"
    path = {"org": "globex", "project": "trial", "flow": "repeat"}
    answer = uploads.system.send(Route.SUBMIT, body={"input": reference}, **path)
    assert_refused(uploads.system, answer, ErrorCode.INVALID_INPUT)


def test_upload_must_match_its_announcement(uploads: Uploads) -> None:
    """Other content of that size, or another size, is refused whatever the headers."""
    content = b'{"parameters":{"value":1}}'
    target = uploads.announce(content).body
    other = content.replace(b"1", b"2")
    assert uploads.put(target, other).status_code == 400
    assert uploads.put({**target, "headers": {}}, other).status_code == 403
    longer = {**target, "headers": {**target["headers"], "Content-Length": str(len(content) + 1)}}
    assert uploads.put(longer, content + b" ").status_code == 403
    assert uploads.system.submit("trial/repeat", input=target["input"]).status == 422
    assert uploads.put(target, content).status_code == 200
    assert uploads.put(target, content).status_code == 200  # a repetition is harmless
    assert uploads.system.submit("trial/repeat", input=target["input"]).status == 202


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bytes": limits.MAX_PAYLOAD_BYTES + 1}, ErrorCode.PAYLOAD_TOO_LARGE),
        ({"bytes": 0}, ErrorCode.INVALID_INPUT),
        ({"bytes": True}, ErrorCode.INVALID_INPUT),
        ({"sha256": "0" * 63}, ErrorCode.INVALID_INPUT),
        ({"sha256": None}, ErrorCode.INVALID_INPUT),
        ({"more": 1}, ErrorCode.INVALID_INPUT),
        ({"options": {"keepSeconds": 1}}, ErrorCode.INVALID_INPUT),
        ({"options": {"runAt": "now"}}, ErrorCode.INVALID_INPUT),
    ],
)
def test_impossible_upload_is_refused(uploads: Uploads, changes: dict[str, Any], code: ErrorCode) -> None:
    """It is refused before anything is sent."""
    assert_refused(uploads.system, uploads.announce(b"{}", **changes), code)


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ({}, 32),
        ({"keepSeconds": limits.MIN_KEEP_SECONDS}, 32),
        ({"keepSeconds": limits.MAX_KEEP_SECONDS}, 512),
    ],
)
def test_input_is_kept_until_a_retry_has_run(uploads: Uploads, options: dict[str, Any], days: int) -> None:
    """Its name says so; the bucket's rules go by the name."""
    reference = uploads.announce(b"{}", options=options).body["input"]
    assert reference.startswith(f"keep-{days}d/")


def test_input_of_the_longest_job_is_kept_for_the_longest(uploads: Uploads) -> None:
    """The job waits for a year and is kept for another."""
    options = {
        "runAt": moment(uploads.system, limits.MAX_RUN_AHEAD_SECONDS),
        "keepSeconds": limits.MAX_KEEP_SECONDS,
    }
    assert uploads.announce(b"{}", options=options).body["input"].startswith(f"keep-{limits.KEPT_DAYS[-1]}d/")


def test_input_that_is_gone_before_its_job_is_refused(uploads: Uploads) -> None:
    """The input was uploaded with the options of another job."""
    reference = uploads.upload({"parameters": {"value": 1}})
    uploads.system.clock.time = uploads_time(uploads, reference)
    long = {"keepSeconds": limits.MAX_KEEP_SECONDS}
    answer = uploads.system.submit("trial/repeat", input=reference, options=long)
    assert (answer.status, answer.code) == (422, ErrorCode.INVALID_INPUT)
    assert "upload it again with these options" in answer.body["detail"]["message"]


def uploads_time(uploads: Uploads, reference: str) -> int:
    """Return when S3 received it, by S3's clock."""
    kept, _, sha256 = reference.partition("/")
    until = uploads.system.deployment.objects.look_for(f"{kept}/acme/{sha256}")
    return until - int(kept.removeprefix("keep-").removesuffix("d")) * DAY_MS


def test_same_key_is_the_same_job_however_long_the_input_is_kept(uploads: Uploads) -> None:
    """The uploaded content counts: other content with that key is a conflict, and so is an inline body."""
    value = {"parameters": {"value": 1}}
    ways = [uploads.upload(value), uploads.upload(value, options={"keepSeconds": limits.MAX_KEEP_SECONDS})]
    assert ways[0] != ways[1]
    key = {"idempotency-key": "k"}
    ids = [uploads.system.submit("trial/repeat", headers=key, input=way).body["id"] for way in ways]
    assert ids[0] == ids[1]
    other = uploads.upload({"parameters": {"value": 2}})
    for body in ({"input": other}, value):
        assert (
            uploads.system.submit("trial/repeat", headers=key, **body).code == ErrorCode.IDEMPOTENCY_CONFLICT
        )


def test_batch_and_execute_take_uploads(uploads: Uploads) -> None:
    """Each submission of a batch may have its own."""
    reference = uploads.upload({"parameters": {"value": 7}})
    path = {"org": "acme", "project": "trial", "flow": "repeat"}
    jobs = [{"input": reference}, {"input": UNKNOWN}]
    entries = uploads.system.send(Route.SUBMIT_JOBS, body={"jobs": jobs}, **path).body["jobs"]
    assert ["job" in entry for entry in entries] == [True, False]
    uploads.system.deliver()
    assert output(uploads.system.status(entries[0]["job"]["id"])) == 7
    uploads.system.clock.while_asleep = uploads.system.deliver
    assert uploads.system.send(Route.EXECUTE, body={"input": reference}, **path).body["result"] == 7


def test_retry_runs_the_uploaded_input_again(uploads: Uploads) -> None:
    """It runs as long as the input exists."""
    reference = uploads.upload({"message": "no"}, "trial/fail")
    failed = uploads.system.submit("trial/fail", input=reference, options={"maxAttempts": 1}).body["id"]
    uploads.system.deliver()
    again = uploads.system.send(Route.RETRY_BY_ID, id=failed)
    assert again.status == 202
    uploads.system.deliver()
    assert uploads.system.status(again.body["id"])["error"] == "ValueError: no"
    uploads.lose(reference)
    refused = uploads.system.send(Route.RETRY_BY_ID, id=failed)
    assert (refused.status, refused.code) == (422, ErrorCode.INVALID_INPUT)
    assert "has expired" in refused.body["detail"]["message"]


def test_lost_input_fails_its_job(uploads: Uploads) -> None:
    """The error is clear, and comes after the last attempt."""
    reference = uploads.upload({"parameters": {"value": 1}})
    job_id = uploads.system.submit("trial/repeat", input=reference, options={"maxAttempts": 1}).body["id"]
    uploads.lose(reference)
    uploads.system.deliver()
    job = uploads.system.row(job_id)
    assert job.state is State.FAILED
    assert job.error == "PayloadLostError: the job's input is lost: it is gone; submit the job again"
