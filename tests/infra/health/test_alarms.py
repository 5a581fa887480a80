"""Each alarm is raised by its fault and by nothing else: not on a good day, nor without traffic."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from noukai_functions.handlers.sweep import run
from noukai_functions.jobs.queues.queue import JobQueue
from noukai_infra.app import synthesize
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.settings import file_context
from noukai_infra.stack.base import stream as filters
from tests.functions.harness import System
from tests.functions.stand_ins import stream as stand_in
from tests.functions.stand_ins.calls import hook
from tests.functions.stand_ins.stream import Stream
from tests.infra.health.alarms import INSUFFICIENT, MINUTE_MS, OK, Published
from tests.infra.health.faults import (
    account_is_full,
    claims_fail,
    dead_letter_is_given_up,
    dead_letter_is_not_read,
    flow_fails,
    gateway_fails,
    messages_grow_old,
    messages_hide,
    refuse_claim,
    stalls,
    stream_is_late,
    sweep_is_missing,
    table_throttles,
    usage_is_discarded,
    usage_is_not_counted,
    worker_dies,
)
from tests.infra.health.watch import Watch
from tests.infra.stack.template import NO_BUNDLING, Template

DAY_MS = 24 * 60 * MINUTE_MS
SETTINGS: dict[str, object] = {
    "failed_flows": {"trial/add": 0.2},
    "alarm_email": "ops@example.org",
    "stack": "noukai",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("cdk.out")
    synthesize(folder, {**file_context(), **SETTINGS, **NO_BUNDLING})
    return Template.of(folder)


@pytest.fixture
def watch(
    system: System, template: Template, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Watch]:
    """Yield a stack that has swept its table today."""
    monkeypatch.setattr(stand_in, "COUNTED", (*filters.COUNTED, *filters.STARTED))
    stream = Stream()
    # Flows' names are those of the trial; what the settings name is what the template has.
    variables = template.functions()["metering"]["Environment"]["Variables"]
    own = {name: variables[name] for name in ("METRICS_NAMESPACE", "METRICS_FLOWS")}
    deployment = replace(system.deployment, environment={**system.deployment.environment, **own})
    measured = replace(system, deployment=deployment)
    measured.clock.time -= measured.clock.time % DAY_MS
    sqs = deployment.queue.client
    unprocessed = JobQueue(sqs, sqs.create_queue(QueueName="unprocessed")["QueueUrl"])
    made = Watch(measured, template, capsys, Published(), unprocessed, stream)
    run(deployment, lambda: True)
    made.take_lines()
    measured.clock.time += DAY_MS
    yield made
    deployment.processes.close()


def test_good_day(watch: Watch) -> None:
    """Jobs come in each minute of an hour, with a pause, and end; nothing is raised at any minute."""
    for minute in range(30):
        watch.minute(jobs=0 if 8 < minute < 16 else 2)
        assert watch.raised() == set()


def test_no_traffic(watch: Watch) -> None:
    """A stack that nobody uses is well, and writes no line but that of the sweep."""
    before = len(watch.published.points)
    for _ in range(20):
        watch.minute()
        assert watch.raised() == set()
    assert len(watch.published.points) == before


FAULTS: dict[Callable[[Watch], None], set[str]] = {
    stalls: {"no-start"},
    claims_fail: {"no-start"},
    messages_grow_old: {"oldest-message"},
    messages_hide: {"in-flight"},
    worker_dies: {"function-errors"},
    account_is_full: {"function-throttles"},
    stream_is_late: {"stream-age"},
    gateway_fails: {"gateway-errors"},
    dead_letter_is_not_read: {"unsettled"},
    dead_letter_is_given_up: {"unsettled"},
    usage_is_not_counted: {"unsettled"},
    usage_is_discarded: {"unsettled"},
    sweep_is_missing: {"sweep"},
    flow_fails: {"failed-trial-add"},
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
def test_fault_raises_its_alarm_and_no_other(watch: Watch, fault: Callable[[Watch], None]) -> None:
    assert watch.raised() == set()
    fault(watch)
    assert watch.raised() == FAULTS[fault]


def test_throttled_table(watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table_throttles(watch, tmp_path, monkeypatch)
    assert watch.raised() == {"table-throttles"}


def test_alarm_ends_with_its_fault(watch: Watch) -> None:
    """The jobs that waited start, and others come."""
    stalls(watch)
    for _ in range(5):
        watch.minute(jobs=1)
    assert watch.raised() == set()


def test_claim_that_fails_once_raises_nothing(watch: Watch) -> None:
    """The job has to wait for a lease; nor does it hide the starts of others."""
    end = hook(watch.system.deployment.table.client, "UpdateItem", before=refuse_claim)
    watch.minute(jobs=1)
    end()
    for minute in range(10):
        watch.minute(jobs=minute % 2)
        assert watch.raised() == set()


def test_one_job_that_cannot_be_claimed(watch: Watch) -> None:
    """Each lease its delivery fails again; however long that takes, no minute is without a value."""
    for late in (0, 61_500, 64_000, 73_000, 60_100, 119_000):
        watch.system.clock.time += late
        watch.system.deployment.worker.note_waiting(watch.now, watch.now + 60_000)
    watch.take_lines()
    assert watch.raised() == {"no-start"}


def test_every_alarm_has_its_fault(watch: Watch) -> None:
    """Each is raised by one at least."""
    assert set().union(*FAULTS.values(), {"table-throttles"}) == watch.alarms.keys()
    assert {alarm.state([], watch.now) for alarm in watch.alarms.values()} == {OK, INSUFFICIENT}


def test_ten_alarms_cost_a_dollar(tmp_path: Path) -> None:
    """As they are by default, at ten cents a metric."""
    synthesize(tmp_path, {**file_context(), **NO_BUNDLING})
    (told,) = [line for line in Inventory.of(tmp_path, "noukai").lines(Inventory({})) if "alarm" in line]
    assert told.split() == ["10", "alarms", "1.00", "USD", "a", "month"]
