"""A check of a deployed stack, and what comes of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from infra.verify.deployed import Deployed


class Outcome(StrEnum):
    """What a check has shown."""

    OK = "ok"
    FAILED = "failed"
    NOT_SHOWN = "not shown here"


class NotShownError(Exception):
    """What a deployment cannot show; the message says why."""


@dataclass(frozen=True)
class Check:
    """Something to be true of a deployed stack.

    `look` gives what it has seen and whether that is right. What only AWS does, and an emulator does not, is `on_aws`.
    """

    name: str
    look: Callable[[Deployed], tuple[bool, str]]
    on_aws: bool = False


def of_demo(look: Callable[[Deployed], tuple[bool, str]]) -> Callable[[Deployed], tuple[bool, str]]:
    """Let a look be had only where the flows are those of the repository, whose jobs it runs."""

    def looked(deployed: Deployed) -> tuple[bool, str]:
        if not deployed.has_demo():
            raise NotShownError("the flows of functions/flows are not deployed")
        return look(deployed)

    return looked


@dataclass(frozen=True)
class Finding:
    """What a check has found."""

    check: Check
    outcome: Outcome
    seen: str


def verify(deployed: Deployed, checks: Iterable[Check]) -> Iterator[Finding]:
    """Make the checks one by one; a check that breaks has failed, and the others are made all the same."""
    for check in checks:
        if check.on_aws and not deployed.is_on_aws:
            yield Finding(check, Outcome.NOT_SHOWN, "only AWS does this")
            continue
        try:
            right, seen = check.look(deployed)
        except NotShownError as reason:
            yield Finding(check, Outcome.NOT_SHOWN, str(reason))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is the finding
            yield Finding(check, Outcome.FAILED, f"{type(error).__name__}: {error}")
        else:
            yield Finding(check, Outcome.OK if right else Outcome.FAILED, seen)
