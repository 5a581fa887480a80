"""The process of a flow on simulated time: the real child's code runs at once, and its outcome is held back."""

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.outcome import Outcome, Raised
from functions.process import INTERRUPT
from functions.progress import ProgressBoard
from functions.telemetry import logger
from tests.bench.timeline import Timeline

if TYPE_CHECKING:
    from functions.child import Call


class PassingProcess:
    """Stands in for `FlowProcess`; the flow takes the `milliseconds` among its arguments."""

    def __init__(self, call: "Call", timeline: Timeline) -> None:
        self.board = ProgressBoard()
        self._timeline = timeline
        self._begun = timeline.time
        self._ends = timeline.time + call.arguments()["milliseconds"]
        self._outcome = _outcome_of(call, self.board)
        timeline.actor.stage = "run"

    def receive(self, seconds: float) -> Outcome | None:
        """Let time pass until the flow ends, or for so many seconds."""
        left = max(0.0, self._ends - self._timeline.time) / 1000
        self._timeline.sleep(min(seconds, left))
        return self._outcome if self._timeline.time >= self._ends else None

    def interrupt(self) -> None:
        """End the flow now."""
        self._ends = self._timeline.time
        self._outcome = Raised("Interrupted: the flow was told to stop")

    kill = interrupt

    def close(self) -> None:
        """Go on to what settles the job."""
        self.board.close()
        actor = self._timeline.actor
        actor.flow_ms += self._ends - self._begun
        actor.jobs += 1
        actor.stage = "settle"


@dataclass(frozen=True)
class Processes:
    """Starts processes where `FlowProcess` would."""

    timeline: Timeline

    def start(self, call: "Call") -> PassingProcess:
        """Start a flow."""
        return PassingProcess(call, self.timeline)


def _outcome_of(call: "Call", board: ProgressBoard) -> Outcome:
    """Undo what the call does to the process that it takes for its own."""
    handler = signal.getsignal(INTERRUPT)
    try:
        return call(board)
    finally:
        signal.signal(INTERRUPT, handler)
        logger().remove_keys(["job_id", "attempt"])
