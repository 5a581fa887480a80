"""The drill itself: it tells a fault that is mended from one that is not. `make drill` makes them all."""

import re
from collections.abc import Iterator

import pytest

from noukai_infra.settings import ROOT
from tests.drill.drill import STEPS, WIDTH, Verdict, drill, table
from tests.drill.fault import Fault
from tests.drill.faults import FAULTS
from tests.drill.site import Site

STALLED, *_ = FAULTS
ALARMS = (ROOT / "infra" / "RUNBOOK.md").read_text().partition("\n## Alarms\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site.prepared() as site:
        yield site


def test_fault_that_is_not_mended_is_reported(site: Site) -> None:
    """Without the runbook's commands the jobs wait on; with them they complete, and the alarm ends."""
    site.patience_seconds = 1
    left = drill(site, STALLED, mends=False)
    assert left.raised == {"no-start"}
    assert left.problems == ["the system does not show that it is mended"]
    site.patience_seconds = 60
    site.now += 60 * 60 * 1000
    mended = drill(site, STALLED)
    assert (mended.raised, mended.problems) == ({"no-start"}, [])


def test_ten_faults_raise_each_alarm() -> None:
    """But that of a flow's failures, which is a setting."""
    names = {*re.findall(r"^### (.+)$", ALARMS, re.MULTILINE)} - {"failed-flow"}
    assert len(FAULTS) == len(names) == 10
    assert set().union(*(fault.alarms for fault in FAULTS)) == names


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_commands_that_a_fault_names_are_on_its_page(fault: Fault) -> None:
    lines = [step.line for step in STEPS if step.page == fault.page]
    named = [*fault.apart, *fault.before, *fault.shows]
    assert lines
    assert [name for name in named if not any(line.startswith(name) for line in lines)] == []
    assert set(lines) - {line for line in lines for name in fault.apart if line.startswith(name)}


def test_report_fits_a_terminal() -> None:
    """Each line, whatever a fault has raised."""
    verdicts = [Verdict(fault, fault.alarms, ["ops"] * 9, [], ["x " * 90], 100) for fault in FAULTS]
    lines = [line for each in verdicts for line in each.text.splitlines()]
    assert max(map(len, [*lines, *table(verdicts)])) <= WIDTH
