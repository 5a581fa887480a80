"""The checks of a deployed stack find out what is true, and their report says it."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import EmulatedStack
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import REGION
from noukai_infra.settings import ROOT
from noukai_infra.verify.check import Check, CheckSkippedError, Saw, all_checks, expect, require
from noukai_infra.verify.deployed import Deployed
from noukai_infra.verify.report import Finding, report
from noukai_infra.verify.verification import Verification
from tests.infra.verify.verification import verified


def test_report_is_a_table_with_the_failed_checks_first() -> None:
    """Whatever a check has seen stands in one cell of one line."""
    findings = [
        Finding("A job completes.", "job_completes", "passed", "completed"),
        Finding("The stage is throttled.", "throttle", "failed", "a | b\nc" + 1000 * "x"),
        Finding("A request is held.", "held_request", "skipped", "only AWS does this"),
    ]
    title, _, head, _, *rows = report("checks", findings).split("\n")
    assert title == "### checks: 1 failed, 1 passed, 1 skipped"
    assert [row.split(" | ")[0] for row in rows] == ["| failed", "| passed", "| skipped"]
    assert "a \\| b cxxx" in rows[0]
    assert len(rows[0]) < 400
    assert head.count("|") == rows[1].count("|")


class Stack(Deployed):
    """A stack without a deployment; it remembers whether its jobs were cancelled."""

    is_on_aws = False
    has_flows = True
    is_left_clean = False

    def has_demo(self) -> bool:
        return self.has_flows

    def cancel_all(self) -> None:
        object.__setattr__(self, "is_left_clean", True)


def made(
    make: Callable[[Deployed, Saw], None],
    *,
    on_aws: bool = False,
    needs_demo: bool = False,
    has_demo: bool = True,
) -> tuple[Finding, Stack]:
    """Make one check."""
    nothing: Any = None
    stack = Stack("noukai", {}, nothing, nothing, "verify", clock=float, sleep=lambda _: None)
    object.__setattr__(stack, "has_flows", has_demo)
    check = Check("It works.", make, on_aws=on_aws, needs_demo=needs_demo)
    (finding,) = Verification(stack, [check]).findings()
    return finding, stack


def right(_: Deployed, saw: Saw) -> None:
    saw(42)


def wrong(_: Deployed, saw: Saw) -> None:
    saw(42)
    expect(42, 43)


def unfulfilled(_: Deployed, saw: Saw) -> None:
    saw(42)
    require(False, "a stream")


def refused(_: Deployed, saw: Saw) -> None:
    saw(42)
    raise KeyError("nothing")


def impossible(_: Deployed, saw: Saw) -> None:
    saw(42)
    raise CheckSkippedError("nothing is logged")


@pytest.mark.parametrize(
    ("make", "outcome", "seen"),
    [
        (right, "passed", "42"),
        (wrong, "failed", "42; 42 instead of 43"),
        (unfulfilled, "failed", "42; wanted: a stream"),
        (refused, "failed", "42; KeyError: 'nothing'"),
        (impossible, "skipped", "42; nothing is logged"),
    ],
)
def test_check_is_made(make: Callable[[Deployed, Saw], None], outcome: str, seen: str) -> None:
    """Whatever it raises is a finding, and the stack is left without jobs of its own."""
    finding, stack = made(make, needs_demo=True)
    assert finding == Finding("It works.", make.__name__, outcome, seen)
    assert stack.is_left_clean


def test_check_that_cannot_be_made_is_skipped() -> None:
    """An emulator shows nothing of AWS itself, other flows run no jobs of these."""
    of_aws, _ = made(wrong, on_aws=True)
    assert (of_aws.outcome, of_aws.seen) == ("skipped", "only AWS does this")
    of_demo, stack = made(wrong, needs_demo=True, has_demo=False)
    assert (of_demo.outcome, of_demo.seen) == (
        "skipped",
        "its flows are not deployed: demo/echo, demo/sleep and demo/word-count",
    )
    assert not stack.is_left_clean


def test_checks_are_chosen_by_their_names() -> None:
    """By those of their modules too; a text that is in none is an error that lists them."""
    assert {each.name for each in all_checks() if each.has_any(["stream"])} == {"stream"}
    assert "queues" in {each.name for each in all_checks() if each.has_any(["configuration", "none"])}
    done = verified({}, "-k", "nothing-like-it")
    assert done.returncode == 2
    assert "job_completes" in done.stderr


def test_without_a_stack_nothing_is_checked(emulator: Emulator) -> None:
    """And the command says how one is made."""
    done = verified({**emulator.endpoint.environment, "AWS_REGION": REGION})
    assert (done.returncode, done.stdout) == (1, "")
    assert "`make deploy` makes it" in done.stderr


def test_stack_with_further_workers_is_as_it_should_be(
    assembly_with_kinds: Path, emulator: Emulator, tmp_path: Path
) -> None:
    """Each worker's queue, mapping, function and log is looked at, as far as an emulator has them."""
    asyncio.run(EmulatedStack.of(emulator.endpoint).create(Assembly.read(assembly_with_kinds), now=0))
    file = tmp_path / "report.md"
    aws = {**emulator.endpoint.environment, "AWS_REGION": REGION}
    done = verified(aws, "--report", str(file), "-k", "configuration")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"8 passed, 8 skipped; the report is in {file}." in done.stdout
    text = file.read_text()
    assert "'MaximumConcurrency': 33" in text
    assert "8 passed" in text


def test_ledger_names_the_checks_that_there_are() -> None:
    """Each of its entries has one, and whatever only AWS shows is in it."""
    checks = {each.name for each in all_checks()}
    of_aws = {each.name for each in all_checks() if each.on_aws}
    entries = [
        line for line in (ROOT / ".github" / "ledger.md").read_text().splitlines() if line.startswith("| ")
    ][2:]
    named = [set(re.findall(r"`(\w+)`", entry.rsplit("|", 2)[1])) for entry in entries]
    assert all(named)
    assert of_aws <= set().union(*named) <= checks
