"""A stack under a day's load, second by second: a fluid model of our design within AWS's published limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from noukai_infra.planning import limits
from noukai_infra.planning.limits import Quota
from noukai_infra.planning.load import SUBMISSION_SECONDS, WRITES_AT_SUBMISSION, WRITES_AT_WORK, Load
from noukai_infra.settings import Settings
from tests.bench.scale.demand import Demand
from tests.bench.scale.metering import Metering
from tests.bench.scale.parts import Backlog, Function, Gateway, Pollers, Throughput

DAY_SECONDS = 86_400


@dataclass
class Day:
    """The figures of a day; ages in seconds."""

    accepted: float = 0.0
    settled: float = 0.0
    lost_usage: float = 0.0
    ages: list[float] = field(default_factory=list)
    metering_age: float = 0.0
    bottlenecks: dict[str, int] = field(default_factory=dict)
    """The seconds in which each part held something up."""
    recovery: int = 0
    """The longest time in seconds during which jobs waited for longer than five seconds."""

    def note(self, part: str) -> None:
        """Note that a part has held something up in this second."""
        self.bottlenecks[part] = self.bottlenecks.get(part, 0) + 1

    @property
    def oldest(self) -> tuple[float, float]:
        """Return the median and the greatest age of the oldest message."""
        return median(self.ages), max(self.ages)


@dataclass
class Stack:
    """A stack with some settings in an account with some quotas; all jobs are of `flows` flows in turn."""

    settings: Settings
    load: Load
    quotas: Mapping[Quota, int] = field(default_factory=dict)
    orgs: int = 1
    flows: int = 1

    def __post_init__(self) -> None:
        settings, scale = self.settings, self.settings.scale
        rate = min(settings.throttle_rate, self._quota(limits.GATEWAY_RATE))
        self._gateway = Gateway(rate, min(settings.throttle_burst, self._quota(limits.GATEWAY_BURST)))
        self._submitting, self._working = Function(), Function()
        self._pollers = Pollers(settings.worker)
        writes = self._quota(limits.TABLE_WRITES)
        self._table = Throughput(scale.table_writes or limits.NEW_TABLE_WRITES, writes)
        self._index = Throughput(scale.index_writes or limits.NEW_TABLE_WRITES, writes)
        self._queue, self._uncounted = Backlog(), Backlog()
        shards = max(scale.table_writes or 0, limits.NEW_TABLE_WRITES) // limits.PARTITION_WRITES
        memory = scale.metering_memory or settings.memory
        self.metering = Metering(shards, memory, scale.metering_batch, self.orgs)
        self.demand = Demand(self.load.jobs_per_second)
        self.day = Day()
        self._counted = self.metering.most()
        self._late_since: int | None = None
        self._written = 0.0

    def run(self, seconds: int = DAY_SECONDS) -> Day:
        """Let time pass, and then so much more that the backlog can end."""
        for second in range(seconds):
            self.step(second)
        return self.day

    def step(self, second: int) -> None:
        """Let a second pass: submissions, then work, then metering."""
        accepted = self._submit(second)
        self.day.accepted += accepted
        self._queue.add(second, accepted)
        settled = self._work(second)
        self.day.settled += settled
        self._meter(second, settled)
        self._watch(second)

    def _submit(self, second: int) -> float:
        asked = self.demand.ask(second)
        waits = self.load.waits * min(asked, self._queue.count + asked)
        share = self._gateway.take(asked + waits)
        passed = asked * share
        self._note_if("gateway", share < 1)
        accepted = min(passed, self._submissions(passed), self._indexed(second))
        room = self._table.most(second) / WRITES_AT_SUBMISSION
        self._note_if("table", accepted > room)
        accepted = min(accepted, room)
        self._index.note(accepted)
        self.demand.hear(second, accepted / asked if asked else 1.0)
        self._written = accepted * WRITES_AT_SUBMISSION
        return accepted

    def _submissions(self, passed: float) -> float:
        """Return how many submissions the function takes in this second."""
        each = max(SUBMISSION_SECONDS, 1 / limits.REQUESTS_PER_EXECUTION)
        left = self._concurrency - self._working.executions - self._held
        there = self._submitting.grow(passed * each, left)
        self._note_if("submitting", there / each < passed - 1e-6)
        return there / each

    def _indexed(self, second: int) -> float:
        """Return how many jobs the index takes: a full partition holds up the writes of the table."""
        partitions = self.settings.scale.index_partitions * self.flows * limits.PARTITION_WRITES
        most = min(partitions, self._index.most(second))
        self._note_if("index", most < self.load.jobs_per_second)
        return most

    def _work(self, second: int) -> float:
        kind, seconds = self.settings.worker, self.load.execution_seconds
        wanted = self._queue.count * seconds
        polled = self._pollers.grow(wanted)
        self._note_if("pollers", polled < wanted - 1 and self._queue.age(second) > 1)
        left = self._concurrency - self._submitting.executions - self._held
        there = self._working.grow(polled, left)
        self._note_if("working", there < polled - 1)
        room = max(0.0, self._table.most(second) - self._written) / WRITES_AT_WORK
        done = there / seconds * min(1.0, self.load.batch_size / kind.batch_size)
        self._note_if("table", done > room)
        settled = self._queue.take(min(done, room))
        self._table.note(self._written + settled * WRITES_AT_WORK)
        return settled

    def _meter(self, second: int, settled: float) -> None:
        self._uncounted.add(second, settled)
        self._uncounted.take(self._counted)
        age = self._uncounted.age(second)
        self.day.metering_age = max(self.day.metering_age, age)
        self._note_if("metering", age > 60)
        if age > limits.STREAM_KEPT_SECONDS:
            self.day.lost_usage += 1

    def _watch(self, second: int) -> None:
        age = self._queue.age(second)
        self.day.ages.append(age)
        if age <= 5:
            self._late_since = None
            return
        self._late_since = second if self._late_since is None else self._late_since
        self.day.recovery = max(self.day.recovery, second - self._late_since)

    def _note_if(self, part: str, condition: bool) -> None:
        if condition:
            self.day.note(part)

    def _quota(self, quota: Quota) -> int:
        return self.quotas.get(quota, quota.default)

    @property
    def _concurrency(self) -> float:
        return self._quota(limits.CONCURRENCY)

    @property
    def _held(self) -> float:
        """Return the concurrency that held requests take; refused ones ask again without being held."""
        reserved = self.settings.wait_reserved_concurrency
        wanted = self.load.jobs_per_second * self.load.hold_seconds
        return min(wanted, reserved) if reserved else wanted

    @property
    def waiting(self) -> float:
        """Return how many accepted jobs are not settled yet."""
        return self._queue.count
