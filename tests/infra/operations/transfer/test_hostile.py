"""Lines that no stack has written, full disks, and exports that meet."""

import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import State, job_id
from noukai_functions.jobs.objects import input_key, input_reference
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.row import encode
from noukai_infra.operations.account import OperatorError
from noukai_infra.transfer import bounds, reading, restoring
from noukai_infra.transfer.line import read_line
from noukai_infra.transfer.place import ExportFile, Place
from noukai_infra.transfer.reading import check, opened
from noukai_infra.transfer.restoring import Fate, bad_lines
from noukai_infra.transfer.writing import to_file, to_stdout
from noukai_wire import limits
from noukai_wire.routes import Route
from tests.infra.operations.transfer.conftest import OTHER, Stacks
from tests.job_rows import pending

ID = job_id("acme", "trial/add", "1")
AT = 1_700_000_000_000
LOST = {"key": f"keep-8d/acme/{ID}/{AT}-1", "size": 9, "sha256": "0" * 64}
YEAR = limits.MAX_KEEP_SECONDS


def line(*, output: str = "1", stored: Any = None, without: str = "", **values: Any) -> bytes:
    """Return the line of a completed job with an output, as JSON text, and with changed values."""
    made = {
        "id": ID,
        "state": "completed",
        "flow": "acme/trial/add",
        "maxAttempts": 3,
        "createdAt": "2023-11-14T22:13:20.000Z",
        "completedAt": "2023-11-14T22:13:21.000Z",
        "expiresAt": "2023-11-15T22:13:21.000Z",
        "result": {"status": "completed", "output": "@"},
        **values,
        "stored": {"digest": "01", "keepSeconds": 3600, "startBy": AT, **(stored or {})},
    }
    made.pop(without, None)
    return json.dumps(made).replace('"@"', output).encode() + b"\n"


def failed(message: Any, **values: Any) -> bytes:
    """Return the line of a failed job that could be retried."""
    return line(state="failed", error="no", without="result", input={}, stored={"message": message}, **values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (line(output="NaN"), "output has a number that JSON cannot write, such as NaN"),
        (line(output="-1e999"), "output has a number that JSON cannot write, such as NaN"),
        (line(output='"\\ud800"'), "Invalid JSON"),
        (line(output="9" * 5000), "Invalid JSON: number out of range"),
        (line(output="[" * 40 + "]" * 40), "output is nested deeper than 32 levels"),
        (line(output="[" * 9000 + "]" * 9000), "Invalid JSON: recursion limit exceeded"),
        (line(progress={"a": float("inf")}), "progress has a number"),
        (line(stored={"keepSeconds": 2 * 10**14}), f"keepSeconds: {2 * 10**14} is above {YEAR}"),
        (line(expiresAt="9999-12-31T00:00:00Z"), f"expiresAt is more than {YEAR} seconds after completedAt"),
        (line(retryOf="../../other"), "retryOf is not the id of a job"),
        (line(stored={"owner": "x" * 450_000}), "the job is too large for a row"),
        (line(stored={"webhook": "ä" * 250_000}), "the job is too large for a row"),
        (line(id="job_../../etc/passwd"), "id: String should match pattern"),
        (line(id=f"{ID}\n"), "id: String should match pattern"),
        (failed({}, maxAttempts=10**9), "max_attempts: Input should be less than or equal to 20"),
        (failed({"timeout_seconds": 10**9}), "timeout_seconds: Input should be less than or equal to"),
        (failed({"backoff_seconds": float("inf")}), "input has a number that JSON cannot write"),
    ],
)
def test_line_of_no_stack_is_refused(text: bytes, said: str) -> None:
    """Else the import would end halfway, or the API answer with what is no JSON, or keep it for ever."""
    assert [*bad_lines([line(), failed({})], AT)] == []
    (bad,) = bad_lines([text], AT)
    assert said in bad.reason


@pytest.mark.parametrize(
    "changed",
    [
        {"key": f"keep-8d/globex/{ID}/{AT}-1"},
        {"key": f"keep-8d/acme/{job_id('acme', 'trial/add', '2')}/{AT}-1"},
        {"key": f"keep-8d/acme/{ID}/../../globex/x/1-1"},
        {"key": f"keep-8d/acme/{ID}/{AT}-1\n"},
        {"size": -1},
        {"size": 10**12},
    ],
)
def test_result_of_another_job_is_refused(changed: Any) -> None:
    """The API gives the job's readers a link to its object, whose org must be theirs."""
    assert read_line(line(without="result", stored={"lostResult": LOST})).job.result_object is not None
    with pytest.raises(ValueError, match="lostResult"):
        read_line(line(without="result", stored={"lostResult": {**LOST, **changed}}))


def test_job_of_the_future_is_refused() -> None:
    """It would be listed before all others; a day is allowed for clocks that differ."""
    tomorrow = line(createdAt="2023-11-15T22:00:00Z", completedAt="2023-11-15T22:00:00Z")
    assert [*bad_lines([tomorrow], AT)] == []
    later = line(completedAt="2023-11-17T22:00:00Z", expiresAt="2023-11-18T22:00:00Z")
    assert [each.reason for each in bad_lines([later], AT)] == ["createdAt or completedAt is in the future"]


def test_reason_shows_no_control_characters() -> None:
    """Names in a file of others would else be obeyed by the operator's terminal."""
    named = line(state="failed", error="no", without="result", input={"\x1b]0;mine\x07": 1})
    long = line(flow="\x1b[2J" * 100_000)
    reasons = [each.reason for each in bad_lines([named, long], AT)]
    assert all(reason.isprintable() and len(reason) < 1000 for reason in reasons), reasons
    assert reasons[0].startswith("input.\\x1b]0;mine")


def test_endless_line_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is more of it read than is needed to refuse it."""
    for module in (bounds, reading, restoring):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 1000)
    with Path("/dev/zero").open("rb") as endless:
        monkeypatch.setattr(reading, "_size", lambda _: 0)
        with pytest.raises(OperatorError, match=r"^line 1: it is longer than 1000 bytes\nNothing was"):
            check(endless, AT)


def test_lines_with_the_same_id_are_one_job(stacks: Stacks) -> None:
    """The first, with its own large output; what is unfinished or expired is not the first."""
    first, second = json.dumps("a" * 20_000), json.dumps("b" * 20_000)
    running = line(state="running", without="result")
    expired = line(output="0", expiresAt="2023-11-14T22:13:20.000Z")
    counts = stacks.put(running, expired, line(output=first), line(output=second), line(output=second))
    assert counts == {Fate.UNFINISHED: 1, Fate.EXPIRED: 1, Fate.IMPORTED: 1, Fate.EXISTING: 2}
    found = stacks.other.row(ID).result_object
    assert found is not None
    body = stacks.s3.get_object(Bucket=OTHER["PAYLOADS_BUCKET"], Key=found.key)["Body"].read()
    assert body == first.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"[1]",
        b'{"massage": 1}',
        b'{"message": NaN}',
        b'{"parameters": {"a": ' + b"[" * 50 + b"]" * 50,
    ],
)
def test_upload_of_one_caller_stops_no_import(stacks: Stacks, content: bytes) -> None:
    """Callers upload what they want: the job that it has failed is exported without it."""
    reference = input_reference("0" * 64, keep_seconds=3600, wait_ms=0)
    stacks.s3.put_object(Bucket="payloads", Key=input_key("acme", reference), Body=content)
    end: dict[str, Any] = {"state": State.FAILED, "error": "no", "attempt": 1, "completed_at": AT}
    job = pending(AT, id=ID, flow="trial/add", expires_at=AT // 1000 + 3600, **end)
    stacks.dynamodb.put_item(TableName="jobs", Item=encode(job))
    message = Message(job.id, job.created_at, job.org, job.flow, {}, input=reference)
    stacks.first.deployment.saved_inputs.keep(message, job, job.created_at)
    (text,) = stacks.lines().values()
    assert "input" not in json.loads(text)
    assert [*bad_lines([text], AT)] == []
    assert stacks.put(text) == {Fate.IMPORTED: 1}
    status = stacks.other.send(Route.STATUS_BY_ID, id=ID)
    assert (status.status, status.body["state"]) == (200, "failed")


def test_two_exports_do_not_write_one_file(stacks: Stacks, tmp_path: Path) -> None:
    """The second would go on from the place of the first, and both write behind it."""
    path = tmp_path / "jobs.jsonl"
    begin = Place("noukai", stacks.export().selection)
    with ExportFile.opened(path, begin) as first:
        first.file.write(b"mine")
        with pytest.raises(OperatorError, match="Another export writes"):
            list(to_file(stacks.export(), path, "noukai"))
        first.complete()
    assert path.read_bytes() == b"mine"


def test_full_disk_leaves_a_place_to_go_on_from(
    stacks: Stacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if it becomes full with the last lines; the file does not count as whole."""
    stacks.put(line())
    export, path = stacks.export(), tmp_path / "jobs.jsonl"
    export.table = OTHER["JOBS_TABLE"]
    synced = os.fsync
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        synced(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OperatorError, match=r"jobs.jsonl cannot be written: No space left on device\."):
            list(to_file(export, path, "noukai"))
    assert "has 0 jobs so far: the same command goes on with it." in capsys.readouterr().err
    assert [*to_file(export, path, "noukai")] == [1]
    assert [json.loads(each)["id"] for each in path.read_bytes().splitlines()] == [ID]


def test_file_that_cannot_be_made(stacks: Stacks, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"a/jobs cannot be written: No such file or directory\. Name"):
        list(to_file(stacks.export(), tmp_path / "a" / "jobs", "noukai"))


def test_full_stdout_is_an_error_and_a_closed_one_is_none(
    stacks: Stacks, capsys: pytest.CaptureFixture[str]
) -> None:
    """`| head` has what it wants; of a full disk, the operator is told how to go on."""
    full = io.BufferedWriter(io.FileIO("/dev/full", "w"))
    full.write(b"x")
    with pytest.raises(OperatorError, match="stdout cannot be written"):
        list(to_stdout(stacks.export(), ID, full))
    full.raw.close()
    assert f"0 jobs are written: the same command with --after {ID} writes" in capsys.readouterr().err
    read, write = os.pipe()
    os.close(read)
    closed = io.BufferedWriter(io.FileIO(write, "w"))
    closed.write(b"x")
    with pytest.raises(BrokenPipeError):
        list(to_stdout(stacks.export(), None, closed))
    closed.raw.close()
    assert capsys.readouterr().err == ""


def test_pipe_is_imported(tmp_path: Path) -> None:
    """As `--file <(zcat jobs.gz)` gives one: it is read twice, which a pipe cannot be."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(line(),))
    writer.start()
    with opened(pipe) as file:
        writer.join()
        check(file, AT)
        file.seek(0)
        assert file.read() == line()


def test_file_that_changes_during_the_import(stacks: Stacks) -> None:
    """It was checked, and is something else now."""
    with pytest.raises(OperatorError, match=r"The file changed during the import \(Invalid JSON"):
        list(reading.put(stacks.importing(), io.BytesIO(b"{")))
