"""The secrets that a worker keeps for its flows."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock
from noukai_functions.secrets.board import SecretsBoard
from noukai_functions.telemetry.logger import logger
from noukai_wire.limits import LEAST_SECRET
from noukai_wire.secret_sources import Values

MOST_AGE_MS = 300_000
"""A secret that was rotated reaches the next job after this time at most."""
_AGAIN_MS = 30_000
"""The time until the next read after one that AWS has not answered."""
_LEAST_AGE_MS = 1000
"""A flow that asks in a loop causes one read a second."""


@dataclass
class WorkerSecrets:
    """The values of secrets as last read, for all flow processes of a worker.

    `read` reads them all; `learn` makes the worker mask them.
    """

    read: Callable[[], Values]
    learn: Callable[[Iterable[str]], object]
    clock: Clock
    board: SecretsBoard = field(default_factory=SecretsBoard)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    edition: int = 0
    """The number of times that values have changed. A process keeps those with which it began."""
    _read_at: int | None = None
    _read_again_at: int = 0
    _problem: str | None = None

    def renew(self) -> str | None:
        """Read the secrets if that was long ago; return what is wrong with them.

        Raises:
            AwsError: AWS does not answer, and there are no earlier values.
        """
        now = self.clock.now()
        if self._read_at is None or self._problem is not None or now >= self._read_again_at:
            self._read(now)
        return self._problem

    def is_ready(self) -> bool:
        """Read the secrets before the first job; return whether all are there."""
        try:
            problem = self.renew()
        except (AwsError, OSError):
            logger().warning("the secrets could not be read ahead", exc_info=True)
            return False
        return problem is None

    def read_again(self) -> None:
        """Read the secrets now, however young they seem; if that fails, the next job reads them."""
        self._read_at = None
        self.is_ready()

    def of_process(self) -> "FlowSecrets":
        """Return the secrets for a flow's process, with the values of now."""
        return FlowSecrets(dict(self.values), self.board)

    def answer(self) -> None:
        """Read the secrets now if a flow asks for that."""
        if not self.board.is_asked:
            return
        now, error = self.clock.now(), None
        try:
            if self._read_at is None or now - self._read_at >= _LEAST_AGE_MS:
                self._read(now, must_succeed=True)
            error = self._problem
        except (AwsError, OSError):
            logger().warning("the secrets that a flow asked for could not be read", exc_info=True)
            error = "AWS does not answer when the secrets are read: try again later"
        self.board.answer(self.values, error)

    def _read(self, now: int, *, must_succeed: bool = False) -> None:
        try:
            found = self.read()
        except (AwsError, OSError):
            if not self.values or must_succeed:
                raise
            logger().warning("the secrets could not be read again: earlier values stay", exc_info=True)
            self._read_again_at = now + _AGAIN_MS
            return
        self._read_at, self._read_again_at = now, now + MOST_AGE_MS
        self._problem = _problem_of(found)
        if self._problem is None and found.values != self.values:
            self.values = found.values
            self.edition += 1
            self.learn(found.values.values())
            _warn_of_short(found.values)


@dataclass
class FlowSecrets:
    """The secrets in a flow's process."""

    values: dict[str, str] = field(repr=False)
    board: SecretsBoard

    def enter(self) -> None:
        """Put the values into this process's environment."""
        os.environ.update(self.values)

    def read(self, *, refresh: bool) -> Mapping[str, str]:
        """Return the values; with `refresh`, as AWS has them now.

        Raises:
            SecretsError: they cannot be read.
        """
        if refresh:
            self.values = self.board.ask()
            self.enter()
        return self.values


def _problem_of(found: Values) -> str | None:
    if not found.problems:
        return None
    logger().error("secrets cannot be read", extra={"reason": "; ".join(found.problems.values())})
    return f"secrets cannot be read: {'; '.join(found.problems.values())}: the operator must mend them"


def _warn_of_short(values: Mapping[str, str]) -> None:
    if short := sorted(name for name, value in values.items() if len(value.strip()) < LEAST_SECRET):
        logger().warning("secrets are too short to be masked", extra={"names": short})
