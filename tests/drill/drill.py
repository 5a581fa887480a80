"""The drill of a fault: it is made, its alarms are raised, the runbook's commands mend it, the alarms end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import fill

from noukai_infra.settings import ROOT
from tests.drill.commands import CommandError, run
from tests.drill.fault import Fault, Words
from tests.drill.site import Site
from tests.infra.health.runbook import steps

STEPS = steps((ROOT / "infra" / "RUNBOOK.md").read_text())
_MOST_LOOKS = 8
WIDTH = 80


@dataclass
class Verdict:
    """The result of one fault."""

    fault: Fault
    raised: set[str] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def is_good(self) -> bool:
        return not self.problems

    @property
    def text(self) -> str:
        """Return what was made and raised, which commands were run, and whether they have mended it."""
        fault = self.fault
        parts = [
            f"{fault.name}: raised {', '.join(sorted(self.raised)) or 'nothing'}",
            f"page {fault.page!r}",
            f"{len(self.commands)} commands",
            f"{'mended' if self.is_good else 'NOT MENDED'} in {self.seconds:.0f} s",
        ]
        more = [
            f"modelled: {fault.modelled}" if fault.modelled else "",
            *(f"left out: {each}" for each in self.left_out),
            *(f"PROBLEM: {each}" for each in self.problems),
        ]
        texts = ["; ".join(parts), *filter(None, more)]
        return "\n".join(
            fill(text, WIDTH, initial_indent=" " * (number and 4), subsequent_indent="    ")
            for number, text in enumerate(texts)
        )


def drill(site: Site, fault: Fault, *, mends: bool = True) -> Verdict:
    """Make a fault and mend it; without `mends`, run no command."""
    verdict, begun = Verdict(fault), time.monotonic()
    try:
        verdict.problems += [f"{name} is raised before the fault" for name in sorted(site.begin())]
        words = fault.make(site)
        verdict.problems += _raise(site, verdict)
        if mends:
            _run_page(site, verdict, words)
        site.is_calm = True
        if not site.waits_for(lambda: fault.is_mended(site)):
            verdict.problems.append("the system does not show that it is mended")
        else:
            verdict.problems += _end(site, fault)
    except CommandError as error:
        verdict.problems.append(str(error))
    verdict.seconds = time.monotonic() - begun
    return verdict


def _raise(site: Site, verdict: Verdict) -> Iterator[str]:
    """Let time pass until the fault's alarms are raised; yield what is wrong."""
    wanted = verdict.fault.alarms
    for _ in range(_MOST_LOOKS):
        verdict.fault.goes_on(site)
        verdict.raised = site.look(verdict.fault.step_ms)
        if verdict.raised >= wanted:
            break
    if missing := wanted - verdict.raised:
        yield f"not raised: {', '.join(sorted(missing))}"
    if more := verdict.raised - wanted:
        yield f"raised without this fault: {', '.join(sorted(more))}"


def _end(site: Site, fault: Fault) -> Iterator[str]:
    """Let time pass until no alarm is raised any more; yield what is wrong."""
    left: set[str] = set()
    for _ in range(_MOST_LOOKS):
        fault.goes_on(site)
        if not site.works():
            yield "a new job does not run"
            return
        if not (left := site.look(fault.step_ms)):
            return
    yield f"still raised: {', '.join(sorted(left))}"


def _run_page(site: Site, verdict: Verdict, words: Words) -> None:
    """Run the commands of the fault's page, in order."""
    fault = verdict.fault
    for step in (step for step in STEPS if step.page == fault.page):
        reasons = [why for beginning, why in fault.apart.items() if step.line.startswith(beginning)]
        if reasons:
            verdict.left_out.append(f"{step.program} {step.line}: {reasons[0]}")
            continue
        for beginning, act in fault.before.items():
            if step.line.startswith(beginning):
                act(site)
        run(step, words, fault.key)
        verdict.commands.append(step.line)
        for beginning, shows in fault.shows.items():
            if step.line.startswith(beginning) and not site.waits_for(lambda shows=shows: shows(site)):  # type: ignore[misc]
                raise CommandError(f"{step.program} {step.line}: it has had no effect")


def table(verdicts: list[Verdict]) -> list[str]:
    """Return the rows of the table at the end."""
    rows = [f"{'fault':<31}{'alarms':<32}{'cmds':>4}{'s':>5} mended"]
    for each in verdicts:
        alarms = ", ".join(sorted(each.raised))
        rows.append(
            f"{each.fault.name:<31}{alarms:<32}{len(each.commands):>4}{each.seconds:>5.0f} "
            f"{'yes' if each.is_good else 'NO'}"
        )
    return rows
