"""The verification of a deployed stack: each check is made, and what it has shown is gathered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from noukai_infra.verify.check import Check, CheckFailedError, CheckSkippedError
from noukai_infra.verify.deployed import Deployed
from noukai_infra.verify.report import Finding

_WITHOUT_DEMO = "its flows are not deployed: demo/echo, demo/sleep and demo/word-count"


@dataclass(frozen=True)
class Verification:
    """The verification of a stack by some checks."""

    stack: Deployed
    checks: Sequence[Check]

    def findings(self) -> Iterator[Finding]:
        """Yield the finding of each check; cancel in the end what is still under way."""
        try:
            for check in self.checks:
                yield self._made(check)
        finally:
            if any(check.needs_demo for check in self.checks) and self._has_demo:
                self.stack.cancel_all()

    @cached_property
    def _has_demo(self) -> bool:
        return self.stack.has_demo()

    def _made(self, check: Check) -> Finding:
        seen: list[object] = []
        try:
            self._check_place(check)
            check.make(self.stack, seen.append)
        except CheckSkippedError as why:
            return Finding(check.says, check.name, "skipped", _told(seen, why))
        except CheckFailedError as why:
            return Finding(check.says, check.name, "failed", _told(seen, why))
        except Exception as error:  # noqa: BLE001 - AWS or the API has refused; the other checks go on
            return Finding(check.says, check.name, "failed", _told(seen, f"{type(error).__name__}: {error}"))
        return Finding(check.says, check.name, "passed", _told(seen))

    def _check_place(self, check: Check) -> None:
        if check.on_aws and not self.stack.is_on_aws:
            raise CheckSkippedError("only AWS does this")
        if check.needs_demo and not self._has_demo:
            raise CheckSkippedError(_WITHOUT_DEMO)


def _told(seen: list[object], why: object = "") -> str:
    return "; ".join(filter(None, map(str, [*seen, why])))
