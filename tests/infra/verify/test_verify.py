"""The checks of a deployed stack find out what is true, and their report says it."""

import asyncio
import re
from pathlib import Path

from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.deployment import Deployment
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import REGION
from noukai_infra.settings import ROOT
from tests.aws.report import Finding, report
from tests.infra.verify.verification import verified


def test_report_is_a_table_with_the_failed_checks_first() -> None:
    """Whatever a check has seen stands in one cell of one line."""
    findings = [
        Finding("A job completes.", "test_job_completes", "passed", "completed"),
        Finding("The stage is throttled.", "test_throttle", "failed", "a | b\nc" + 1000 * "x"),
        Finding("A request is held.", "test_held_request", "skipped", "only AWS does this"),
    ]
    title, _, head, _, *rows = report("checks", findings).split("\n")
    assert title == "### checks: 1 failed, 1 passed, 1 skipped"
    assert [row.split(" | ")[0] for row in rows] == ["| failed", "| passed", "| skipped"]
    assert "a \\| b cxxx" in rows[0]
    assert len(rows[0]) < 400
    assert head.count("|") == rows[1].count("|")


def test_without_a_stack_the_checks_are_skipped() -> None:
    """And say how they are made."""
    done = verified({}, "-rs", deployed=False)
    assert done.returncode == 0, done.stdout
    assert "it checks a deployed stack: make verify-aws" in done.stdout
    assert " passed" not in done.stdout


def test_stack_with_further_workers_is_as_it_should_be(
    assembly_with_kinds: Path, emulator: Emulator, tmp_path: Path
) -> None:
    """Each worker's queue, mapping, function and log is looked at, as far as an emulator has them."""
    asyncio.run(Deployment.of(emulator.endpoint).create(Assembly.read(assembly_with_kinds), now=0))
    file = tmp_path / "report.md"
    aws = {**emulator.endpoint.environment, "AWS_REGION": REGION}
    done = verified(aws, "--report", str(file), checks="tests/aws/test_configuration.py")
    assert done.returncode == 0, done.stdout + done.stderr
    text = file.read_text()
    assert "'MaximumConcurrency': 33" in text
    assert "7 passed" in text


def test_ledger_names_the_tests_that_there_are() -> None:
    """Each of its entries has one, and whatever only AWS shows is in it."""
    sources = "\n".join(path.read_text() for path in (ROOT / "tests" / "aws").glob("test_*.py"))
    tests = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))
    of_aws = set(re.findall(r"^@pytest.mark.on_aws\n(?:@.*\n)*def (test_\w+)", sources, re.MULTILINE))
    entries = [
        line for line in (ROOT / ".github" / "ledger.md").read_text().splitlines() if line.startswith("| ")
    ][2:]
    named = [set(re.findall(r"`(test_\w+)`", entry)) for entry in entries]
    assert all(named)
    assert of_aws <= set().union(*named) <= tests
