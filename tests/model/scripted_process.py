"""A flow as the scheduler plays it, in place of a process of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.call import Call
from functions.outcome import Outcome, Raised, Returned
from tests.model.event import Pending
from tests.model.ledger import said_by

_BEAT_MS = 250


class Stage(Protocol):
    """Where flows are played."""

    run: set[tuple[str, int]]

    @property
    def clock(self) -> Any:
        """The time there."""

    def pause(self, pending: Pending) -> str:
        """Stand still until it is the actor's turn; gives how it goes on."""


class ScriptedProcess:
    """A flow that returns, raises, reports or goes on, and that leaves at once or late when it is interrupted."""

    folder = ""
    has_imported = True

    def __init__(self, stage: Stage) -> None:
        self.board = self
        self._stage = stage
        self._now = stage.clock.now
        self._said = ""
        self._beat_at = 0
        self._progress: Mapping[str, Any] | None = None
        self._interrupted = self._killed = False

    def begin(self, call: Call) -> None:
        self._stage.run.add((call.id, call.attempt))
        self._said = said_by(call.id, call.attempt)
        self._beat_at = self._now()

    def receive(self, _seconds: float) -> Outcome | None:
        if self._killed:
            return Raised("ProcessDied: the flow's process was ended by SIGKILL")
        choice = self._stage.pause(Pending("flow", self._choices))
        self._beat_at = self._now()
        if choice == "reports":
            self._progress = {"said": self._said, "at": self._beat_at}
        outcomes: dict[str, Outcome] = {
            "returns": Returned(json.dumps(self._said)),
            "raises": Raised(f"FlowError: {self._said}", retry_after=5),
            "leaves": Raised("Interrupted: the flow was told to stop"),
        }
        return outcomes.get(choice)

    def _choices(self) -> tuple[str, ...]:
        goes_on = ("beats", "reports") if self._now() >= self._beat_at + _BEAT_MS else ()
        return ("leaves", *goes_on[:1]) if self._interrupted else ("returns", "raises", *goes_on)

    def interrupt(self) -> None:
        self._interrupted = True

    def kill(self) -> None:
        self._killed = True

    def read(self) -> Mapping[str, Any] | None:
        """What it has said of its progress."""
        return self._progress


@dataclass(frozen=True)
class ScriptedProcesses:
    """Stands in for the pool of a worker."""

    stage: Stage

    def take(self, _project: str, *, fresh: bool) -> ScriptedProcess:
        """Give a process that no attempt has used, whether it is to be `fresh` or not."""
        del fresh
        return ScriptedProcess(self.stage)

    def give_back(self, process: ScriptedProcess, *, is_used_up: bool) -> None:
        """Leave nothing, since there is nothing."""
