"""A flow's process on simulated time: the flow runs at once, in this process; its outcome is held back."""

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noukai.flow.runtime import Raised
from noukai_functions.telemetry.logger import logger
from noukai_functions.worker.exchange import INTERRUPT, Outcome, ProgressBoard
from noukai_functions.worker.inside.host import Host
from noukai_functions.worker.process.pool import ProcessPool
from tests.bench.account.timeline import Timeline
from tests.flow_process import in_turns

if TYPE_CHECKING:
    from noukai_functions.deployment import Deployment
    from noukai_functions.worker.exchange import Call


class PassingProcess:
    """Stand-in for `FlowProcess`; the flow takes the `milliseconds` among its arguments."""

    folder = ""
    has_imported = is_alive = True

    def __init__(self, host: Host, timeline: Timeline) -> None:
        self.board = ProgressBoard()
        self._host = host
        self._timeline = timeline
        self._begun = self._ends = timeline.time
        self._outcome: Outcome | None = None

    def begin(self, call: "Call", _log: object) -> None:
        """Start a flow."""
        self._begun = self._timeline.time
        self._ends = self._begun + self._host.arguments(call)["milliseconds"]
        self._outcome = _outcome_of(self._host, call, self.board)
        self._timeline.actor.stage = "run"

    def receive(self, seconds: float) -> Outcome | None:
        """Let time pass until the flow ends, or for that many seconds."""
        left = max(0.0, self._ends - self._timeline.time) / 1000
        self._timeline.sleep(min(seconds, left))
        return self._outcome if self._timeline.time >= self._ends else None

    run = in_turns

    def interrupt(self) -> None:
        """End the flow now."""
        self._ends = self._timeline.time
        self._outcome = Raised("Interrupted: the flow was told to stop")

    kill = interrupt

    def close(self) -> None:
        """Go on to the stage that settles the job, if there was one."""
        self.board.close()
        actor = self._timeline.actor
        if self._outcome is not None:
            actor.flow_ms += self._ends - self._begun
            actor.jobs += 1
            actor.stage = "settle"


@dataclass(frozen=True)
class Processes:
    """Stand-in for the pool of a worker."""

    timeline: Timeline
    deployment: "Deployment"
    _hosts: dict[str, Host] = field(default_factory=dict)

    process_of = ProcessPool.process_of

    def take(self, project: str, *, fresh: bool) -> PassingProcess:
        """Give a process whose module is imported."""
        del fresh
        if project not in self._hosts:
            made = self.deployment
            self._hosts[project] = Host(project, made.asset, made.catalog, made.clock, lambda: made.objects)
            self._hosts[project].load()
        return PassingProcess(self._hosts[project], self.timeline)

    def give_back(self, process: PassingProcess, *, is_used_up: bool) -> None:
        """End a process."""
        del is_used_up
        process.close()


def _outcome_of(host: Host, call: "Call", board: ProgressBoard) -> Outcome:
    """Return the outcome; undo what the call does to this process, which it takes for its own."""
    handler = signal.getsignal(INTERRUPT)
    try:
        return host.kept(call, host.run(call, board))
    finally:
        signal.signal(INTERRUPT, handler)
        logger().remove_keys(["job_id", "attempt"])
