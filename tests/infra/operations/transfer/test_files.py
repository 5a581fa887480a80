"""The file of an export, how it goes on, and at which rate the table is read."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from noukai_functions.jobs.lifecycle import State, job_id
from noukai_functions.jobs.row import encode
from noukai_infra.operations.account import OperatorError
from noukai_infra.transfer import export as export_module
from noukai_infra.transfer.contents import Contents
from noukai_infra.transfer.export import Export, ReadRate, Selection
from noukai_infra.transfer.line import Content
from noukai_infra.transfer.reading import check, opened
from noukai_infra.transfer.restoring import bad_lines
from noukai_infra.transfer.writing import to_file, to_stdout
from tests.infra.operations.transfer.conftest import Stacks
from tests.job_rows import pending

STACK = "noukai"
JOBS = 25
NOW = 1_700_003_600_000


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "_ROWS", 10)


@pytest.fixture
def filled(stacks: Stacks) -> Stacks:
    """Return stacks of which the first has three pages of jobs."""
    at = stacks.first.clock.time
    for number in range(JOBS):
        ended: dict[str, Any] = {"state": State.COMPLETED, "attempt": 1, "completed_at": at + 5}
        id_ = job_id("acme", "trial/add", str(number))
        job = pending(at, id=id_, flow="trial/add", expires_at=at // 1000 + 3600, result="1", **ended)
        stacks.dynamodb.put_item(TableName="jobs", Item=encode(job))
    return stacks


class Breaking(Contents):
    """Contents of which one cannot be read: the export is cut off in the midst of a page."""

    left = 14

    def of(self, job: Any) -> Content:
        type(self).left -= 1
        if self.left < 0:
            raise ClientError({"Error": {"Code": "ExpiredToken"}}, "GetObject")
        return super().of(job)


def breaking(stacks: Stacks, after_jobs: int = 14) -> Export:
    """Return an export that is cut off after some jobs."""
    made = stacks.export()
    Breaking.left = after_jobs
    made.contents = Breaking(stacks.dynamodb, stacks.s3, "jobs", "payloads")
    return made


def ids_in(content: bytes) -> list[str]:
    return [json.loads(line)["id"] for line in content.splitlines()]


def test_file_goes_on_where_it_was_cut_off(
    filled: Stacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With each job once, also those of the page in whose midst it was; then it is whole."""
    whole, path = tmp_path / "whole.jsonl", tmp_path / "jobs.jsonl"
    assert [*to_file(filled.export(), whole, STACK)] == [10, 20, JOBS]
    with pytest.raises(ClientError):
        list(to_file(breaking(filled), path, STACK))
    assert f"{path} has 10 jobs so far: the same command goes on with it." in capsys.readouterr().err
    with path.open("ab") as file:
        file.write(b'{"id": "half a li')
    assert [*to_file(filled.export(), path, STACK)] == [20, JOBS]
    assert path.read_bytes() == whole.read_bytes()
    assert len({*ids_in(path.read_bytes())}) == JOBS
    assert {each.name for each in tmp_path.iterdir()} == {whole.name, path.name}
    assert path.stat().st_mode & 0o077 == 0


def test_file_of_another_export_is_not_touched(filled: Stacks, tmp_path: Path) -> None:
    """Neither one that is whole, nor a part of another stack or selection."""
    path = tmp_path / "jobs.jsonl"
    with pytest.raises(ClientError):
        list(to_file(breaking(filled), path, STACK))
    before = path.read_bytes()
    for export, stack in ((filled.export(), "other"), (filled.export(Selection(org="acme")), STACK)):
        with pytest.raises(
            OperatorError, match=r"is a part of another export, of noukai with Selection\(org"
        ):
            list(to_file(export, path, stack))
    assert path.read_bytes() == before
    list(to_file(filled.export(), path, STACK))
    with pytest.raises(OperatorError, match=r"jobs.jsonl exists, and no export of it was cut off"):
        list(to_file(filled.export(), path, STACK))
    assert len(ids_in(path.read_bytes())) == JOBS


def test_place_that_is_something_else(filled: Stacks, tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    path.write_text("")
    place = '{"stack": "noukai", "selection": {}, "after": null, "jobs": 1, "rows": 1, "bytes": %s}'
    for text in ("{}", "[]", place % '"9"', place % "-1", place % "true"):
        path.with_name("jobs.jsonl.place").write_text(text)
        with pytest.raises(OperatorError, match=r"jobs.jsonl.place is not the place of an export"):
            list(to_file(filled.export(), path, STACK))
    path.with_name("jobs.jsonl.place").write_text(place % "9")
    with pytest.raises(OperatorError, match=r"jobs.jsonl has 0 bytes, and its export had come to 9"):
        list(to_file(filled.export(), path, STACK))
    assert path.read_bytes() == b""


def test_stdout_goes_on_after_the_last_job(filled: Stacks, capsys: pytest.CaptureFixture[str]) -> None:
    """Both parts together are the whole, though they meet in the midst of a page."""
    first, second = io.BytesIO(), io.BytesIO()
    with pytest.raises(ClientError):
        list(to_stdout(breaking(filled), None, first))
    last = ids_in(first.getvalue())[-1]
    assert f"14 jobs are written: the same command with --after {last} writes" in capsys.readouterr().err
    assert [*to_stdout(filled.export(), last, second)][-1] == JOBS - 14
    assert len({*ids_in(first.getvalue()), *ids_in(second.getvalue())}) == JOBS


def test_table_is_read_at_the_rate(filled: Stacks) -> None:
    """Each page, of a read unit here, takes as long as the rate says; the work on it counts."""
    export, pauses, now = filled.export(), list[float](), [100.0]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    export.rate = ReadRate(0.5, sleep, lambda: now[0])
    for page in export.pages(None):
        list(page.lines)
        now[0] += 1.5 * len(pauses)
    assert pauses == [0, 0.5, 0]


GOOD = b"""{
    "id": "job_aaaaaaaaaaaaaaaaaaaaaaaaaa", "state": "failed", "flow": "acme/demo/echo", "maxAttempts": 3,
    "createdAt": "2023-11-14T22:13:20.123Z", "completedAt": "2023-11-14T22:13:21.000Z", "error": "no",
    "expiresAt": "2023-11-14T23:13:21.000Z", "stored": {"digest": "01", "keepSeconds": 3600, "startBy": 1},
    "input": {"message": "hi"}
}""".replace(b"\n", b" ")


@pytest.mark.parametrize(
    ("changed", "into", "said"),
    [
        (b"{", b"", "Invalid JSON"),
        (b'"id"', b'"ID"', "id: Field required"),
        (b"job_a", b"job_1", "id: String should match pattern"),
        (b"acme/demo/echo", b"demo/echo", "flow: 'demo/echo' is not ORG/PROJECT/FLOW"),
        (b"acme/demo/echo", b"ACME/demo/echo", "flow: 'ACME/demo/echo' is not ORG/PROJECT/FLOW"),
        (b'"failed"', b'"lost"', "'lost' is not a valid State"),
        (b'"failed"', b'"completed"', "the job is completed without a result"),
        (b'"error": "no"', b'"lastError": "no"', "the job is failed without an error"),
        (b'"no"', b'"no", "result": {"status": "completed", "output": 1}', "the job is failed with a result"),
        (b"2023-11-14T22:13:20.123Z", b"yesterday", "createdAt: 'yesterday' is not a timestamp"),
        (b"2023-11-14T22:13:20.123Z", b"1923-11-14T22:13:20.123Z", "created_at is out of range"),
        (b'"expiresAt"', b'"expires"', "the job is failed without completedAt and expiresAt"),
        (b'"digest": "01"', b'"digest": "0"', "stored.digest: String should match pattern"),
        (b"3600", b"-1", "keep_seconds is out of range"),
        (b'{"message": "hi"}', b'{"massage": "hi"}', "input.massage: Extra inputs are not permitted"),
        (b'"startBy": 1', b'"startBy": 1, "message": {"timeout_seconds": "x"}', "timeout_seconds is invalid"),
        (b'"startBy": 1', b'"startBy": 1, "message": {"format": 2}', "a later version has sent it"),
        (b'"no"', b'"' + b"x" * 450_000 + b'"', "the job is too large for a row"),
        (b"hi", b"\xff", "Invalid JSON"),
    ],
)
def test_bad_line_is_named_by_its_number(tmp_path: Path, changed: bytes, into: bytes, said: str) -> None:
    assert changed in GOOD
    assert [*bad_lines([GOOD], NOW)] == []
    path = tmp_path / "jobs.jsonl"
    path.write_bytes(b"\n".join([GOOD, b"", GOOD.replace(changed, into, 1), GOOD]))
    with opened(path) as file, pytest.raises(OperatorError) as raised:
        check(file, NOW)
    first, last = str(raised.value).splitlines()
    assert first.startswith("line 3: ")
    assert said in first
    assert last == "Nothing was imported: mend these lines, or delete them."


def test_only_the_first_bad_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    path.write_bytes(b"{}\n" * 100)
    with opened(path) as file, pytest.raises(OperatorError) as raised:
        check(file, NOW)
    assert str(raised.value).splitlines()[-2:] == [
        "and 80 more",
        "Nothing was imported: mend these lines, or delete them.",
    ]


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(OperatorError, match=r"nothing.jsonl cannot be read: No such file"),
        opened(tmp_path / "nothing.jsonl"),
    ):
        raise AssertionError
