"""A flow's process as the scheduler simulates it."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from noukai.flow.runtime import Raised, Returned
from noukai_functions.worker.exchange import Call, Outcome
from tests.flow_process import in_turns
from tests.model.event import ORPHAN, UNCLEAN, Pending
from tests.model.ledger import said_by

_BEAT_MS = 250


class Time(Protocol):
    """A source of the time."""

    def now(self) -> int:
        """Return the time in milliseconds."""


class Stage(Protocol):
    """The place where flows run."""

    run: set[tuple[str, int]]

    @property
    def clock(self) -> Time:
        """Return the time of the stage."""

    def pause(self, pending: Pending) -> str:
        """Wait for the actor's turn; return how it continues."""

    def violate(self, reason: str) -> None:
        """Note a broken rule; raised here, it would look to the worker like its own error."""

    def name_of(self, thread: Any) -> str:
        """Return the name of the actor that runs in it."""


class ScriptedProcess:
    """A process that runs one flow after the other: each returns, raises, reports or runs on.

    A flow ends when it is interrupted. The process may be killed at any time.
    """

    has_imported = True
    memory = first_memory = 0

    def __init__(
        self, stage: Stage, project: str, name: str, gone: Callable[["ScriptedProcess"], object]
    ) -> None:
        self.project = project
        self.name = name
        self.board = self
        self.folder = ""
        self.attempts = 0
        self.is_busy = self.has_orphan = self.is_dead = self.is_unclean = False
        self._stage = stage
        self._gone = gone
        self._now = stage.clock.now
        self._said = self._used_folder = ""
        self._beat_at = 0
        self._progress: Mapping[str, Any] | None = None
        self._interrupted = False

    @property
    def is_alive(self) -> bool:
        return not self.is_dead

    @property
    def is_clean(self) -> bool:
        return not (self.is_busy or self.is_unclean)

    @property
    def is_spoilt(self) -> bool:
        """Return whether the process must not get another attempt, which its worker has to notice."""
        return self.is_unclean or self.has_orphan

    def begin(self, call: Call, _log: object) -> None:
        if self.is_busy or self.is_spoilt:
            self._stage.violate(f"{self.name} was used again, although it must not be")
        if self.is_dead:
            self._stage.violate("an attempt was given to a process that had died before")
        if (call.id, call.attempt) in self._stage.run:
            self._stage.violate(f"attempt {call.attempt} was run twice")
        if call.folder != self.folder or call.folder == self._used_folder:
            self._stage.violate("an attempt has no folder of its own")
        self._stage.run.add((call.id, call.attempt))
        self._used_folder = call.folder
        self._said = said_by(call.id, call.attempt)
        self._beat_at = self._now()
        self._progress = None
        self.attempts += 1
        self.is_busy = True

    def receive(self, _seconds: float) -> Outcome | None:
        choice = self._stage.pause(Pending("flow", self._choices)) if not self.is_dead else "is dead"
        self._beat_at = self._now()
        if choice == "reports":
            self._progress = {"said": self._said, "at": self._beat_at}
        outcomes: dict[str, Outcome] = {
            "returns": Returned(json.dumps(self._said)),
            "raises": Raised(f"FlowError: {self._said}", retry_after=5),
            "leaves": Raised("Interrupted: the flow was told to stop"),
            UNCLEAN: Returned(json.dumps(self._said)),
            ORPHAN: Returned(json.dumps(self._said)),
            "is dead": Raised("ProcessDied: the flow's process was ended by SIGKILL"),
        }
        self.is_busy = choice not in outcomes
        self.has_orphan = choice == ORPHAN
        self.is_unclean = self.is_unclean or choice in (UNCLEAN, "is dead")
        return outcomes.get(choice)

    run = in_turns

    def _choices(self) -> tuple[str, ...]:
        if self.is_dead:
            return ("is dead",)
        goes_on = ("beats", "reports") if self._now() >= self._beat_at + _BEAT_MS else ()
        return (
            ("leaves", *goes_on[:1])
            if self._interrupted
            else ("returns", "raises", UNCLEAN, ORPHAN, *goes_on)
        )

    def interrupt(self) -> None:
        self._interrupted = self.is_unclean = True

    def kill(self) -> None:
        self.is_dead = self.is_unclean = True

    def die(self) -> None:
        """Die without the worker's doing."""
        self.is_dead = True

    def read(self) -> Mapping[str, Any] | None:
        """Return the progress that it reported."""
        return self._progress

    def leave(self) -> None:
        """End normally."""
        self.close()

    def close(self) -> None:
        """Leave nothing behind."""
        self.is_dead = True
        self.has_orphan = False
        self._gone(self)
