"""The commands `export` and `import`, each as a process, on a stack with many jobs."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from noukai_functions.jobs.lifecycle import State, job_id
from noukai_functions.jobs.row import encode
from noukai_infra.__main__ import commands
from noukai_infra.operations import audit_trail
from noukai_infra.operations.account import Account
from noukai_infra.settings import ROOT
from tests.job_rows import pending

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STACK = "noukai"
FEW, MANY = 1_500, 5_000
RESULT = json.dumps("x" * 4_000)
MORE_MB = 6
"""How much more memory 3,500 jobs may take, of 15 MB: what the allocator leaves free."""
NOW = time.time_ns() // 10**6


@dataclass
class Table:
    """The jobs table of the stack."""

    client: "DynamoDBClient"
    name: str

    def write(self, requests: Sequence[Any]) -> None:
        for start in range(0, len(requests), 25):
            self.client.batch_write_item(RequestItems={self.name: requests[start : start + 25]})

    def fill(self, first: int, count: int) -> None:
        """Put the rows of completed jobs, of two orgs in turn."""
        at = NOW
        ended: dict[str, Any] = {"state": State.COMPLETED, "attempt": 1, "completed_at": at, "result": RESULT}
        kept = {"expires_at": NOW // 1000 + 86_400, "flow": "demo/echo", **ended}
        jobs = [
            pending(at, id=job_id("a", "b", str(n)), org=("acme", "globex")[n % 2], **kept)
            for n in range(first, first + count)
        ]
        self.write([{"PutRequest": {"Item": encode(job)}} for job in jobs])

    def rows(self) -> dict[str, Any]:
        """Return all rows by their id, without the mark of an import."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.name)
        rows = [row for page in pages for row in page["Items"]]
        return {row["id"]["S"]: {name: row[name] for name in row if name != "rt"} for row in rows}

    def clear(self) -> None:
        self.write([{"DeleteRequest": {"Key": {"id": {"S": id_}}}} for id_ in self.rows()])


@dataclass
class Ended:
    """A process that has ended."""

    code: int
    said: str
    memory_mb: float


@pytest.fixture
def table(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)
    name = account_with_kinds.deployed(STACK)["JobsTable"]
    table = Table(account_with_kinds.session.client("dynamodb"), name)
    yield table
    table.clear()


COMMAND = """
import atexit, re, sys
from pathlib import Path
from noukai_infra.__main__ import main
status = Path("/proc/self/status")
atexit.register(lambda: print(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]))
main()
"""
"""A command that prints, at last, how much memory it has taken at most, in KB.

The usage that the system tells of an ended process includes what its parent had when it was forked."""


def run(*arguments: str) -> Ended:
    """Run a command of the operator; what it says is on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stderr, int(done.stdout.splitlines()[-1]) / 1024)


def test_memory_does_not_grow_with_the_jobs(table: Table, tmp_path: Path) -> None:
    """There and back: thousands of jobs are exported, and imported as they were, with the memory of some."""
    few, many = tmp_path / "few.jsonl", tmp_path / "many.jsonl"
    table.fill(0, FEW)
    memory = [run("export", "--file", str(few), "--rate", "100000")]
    table.fill(FEW, MANY - FEW)
    memory += [run("export", "--file", str(many), "--rate", "100000")]
    before = table.rows()
    table.clear()
    memory += [run("import", "--file", str(each)) for each in (few, many)]
    assert table.rows() == before
    said = [f"{FEW} jobs exported", f"{MANY} jobs exported", f"{FEW} jobs imported"]
    said += [f"{MANY - FEW} jobs imported; {FEW} were there already"]
    for each, expected in zip(memory, said, strict=True):
        assert (each.code, expected in each.said) == (0, True), each.said
    grown = [memory[1].memory_mb - memory[0].memory_mb, memory[3].memory_mb - memory[2].memory_mb]
    assert max(grown) < MORE_MB, memory


def test_commands_say_what_they_did(table: Table, account_with_kinds: Account) -> None:
    """On stderr beside the lines, and in the audit log."""
    table.fill(0, 30)
    whole = invoke("export", "--rate", "1000000")
    assert whole.stderr == "30 jobs exported\n"
    assert len(whole.stdout.splitlines()) == 30
    some = invoke("export", "--org", "acme", "--flow", "demo/echo", "--since", "2020-01-01T00:00Z")
    assert {json.loads(line)["flow"] for line in some.stdout.splitlines()} == {"acme/demo/echo"}
    assert invoke("export", "--until", "2020-01-01T00:00Z").stderr == "0 jobs exported\n"
    table.clear()
    table.fill(0, 10)
    unfinished = {**json.loads(some.stdout.splitlines()[0]), "state": "running", "id": f"job_{'a' * 26}"}
    lines = whole.stdout + json.dumps(unfinished)
    assert invoke("import", "--file", "-", stdin=lines).stderr == (
        "20 jobs imported; 1 were pending or running, whose messages are in the queue of their own stack; "
        "10 were there already\n"
    )
    group = account_with_kinds.deployed(STACK)[audit_trail.OUTPUT]
    events = account_with_kinds.session.client("logs").filter_log_events(logGroupName=group)["events"]
    audited = [json.loads(event["message"]) for event in events][-4:]
    found = [
        {name: line[name] for name in ("action", "jobs", "org", "flow") if name in line} for line in audited
    ]
    assert found == [
        {"action": "export_jobs", "jobs": 30},
        {"action": "export_jobs", "jobs": 15, "org": "acme", "flow": "demo/echo"},
        {"action": "export_jobs", "jobs": 0},
        {"action": "import_jobs", "jobs": 20},
    ]


def test_bad_line_imports_nothing(table: Table) -> None:
    """Also not what stands before it."""
    table.fill(0, 1)
    lines = invoke("export").stdout
    table.clear()
    done = CliRunner().invoke(commands, ["import", "--file", "-"], input=f"{lines}nonsense\n")
    assert done.exit_code == 1
    assert str(done.exception).startswith("line 2: Invalid JSON")
    assert table.rows() == {}


def test_unreadable_job_is_named(table: Table) -> None:
    """And the others are exported; the exit code says that something is missing."""
    table.fill(0, 2)
    bad = {"id": {"S": f"job_{'b' * 26}"}, "s": {"S": "completed"}}
    table.write([{"PutRequest": {"Item": bad}}])
    done = CliRunner().invoke(commands, ["export"])
    assert (done.exit_code, len(done.stdout.splitlines())) == (1, 2)
    assert f"1 jobs cannot be read and are left out: {bad['id']['S']}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "--file", "a", "--after", "job_a"), "a file keeps its place itself"),
        (("export", "--flow", "acme/demo/echo"), "use PROJECT/FLOW; --org names the org"),
        (("export", "--org", "ACME"), "lower-case letters"),
        (("export", "--since", "yesterday"), "use a time such as"),
        (("export", "--rate", "0"), "greater than or equal to 1"),
        (("import",), "Missing option '--file'"),
    ],
)
def test_option_that_makes_no_sense(arguments: Sequence[str], said: str) -> None:
    done = CliRunner().invoke(commands, arguments, env={"COLUMNS": "300"})
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def invoke(*arguments: str, stdin: str | None = None) -> Any:
    done = CliRunner().invoke(commands, arguments, input=stdin)
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done
