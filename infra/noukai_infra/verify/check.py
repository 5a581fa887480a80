"""The form of a check: it notes what it sees, and raises if that is wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

from noukai_infra.verify.deployed import Deployed

Saw = Callable[[object], None]
"""Notes what a check has seen, whatever it makes of it."""


class CheckFailedError(Exception):
    """The error of a check that has found something wrong; the message says what."""


class CheckSkippedError(Exception):
    """The end of a check that cannot be made here; the message says why."""


@dataclass(frozen=True)
class Check:
    """A check: what it shows in a sentence, and where it can be made.

    `on_aws` means that no emulator shows it, `needs_demo` that it runs jobs of this repository's flows.
    """

    says: str
    make: Callable[[Deployed, Saw], None]
    on_aws: bool
    needs_demo: bool

    @property
    def name(self) -> str:
        """Return the name of the check's function."""
        return self.make.__name__

    def has_any(self, texts: Sequence[str]) -> bool:
        """Return whether one of the texts is in the check's name or in that of its module."""
        whole = f"{self.make.__module__.rpartition('.')[2]}.{self.name}"
        return any(text in whole for text in texts)


_MODULES = (
    "behaviour",
    "browsers",
    "company",
    "configuration",
    "health",
    "networks",
    "processes",
    "releases",
    "restore",
    "secrets",
    "webhooks",
)
_checks: list[Check] = []


def check(
    says: str, *, on_aws: bool = False, needs_demo: bool = False
) -> Callable[[Callable[[Deployed, Saw], None]], Callable[[Deployed, Saw], None]]:
    """Register a function as a check that shows what the sentence `says`."""

    def register(make: Callable[[Deployed, Saw], None]) -> Callable[[Deployed, Saw], None]:
        _checks.append(Check(says, make, on_aws=on_aws, needs_demo=needs_demo))
        return make

    return register


def all_checks() -> Iterator[Check]:
    """Yield every check, in the order of their modules."""
    for module in _MODULES:
        import_module(f"{__package__}.checks.{module}")
    yield from _checks


def expect(found: object, wanted: object) -> None:
    """Raise `CheckFailedError` unless what was found is what is wanted."""
    if found != wanted:
        raise CheckFailedError(f"{found} instead of {wanted}")


def require(is_right: bool, wanted: str) -> None:  # noqa: FBT001 - the condition
    """Raise `CheckFailedError` unless a condition holds; `wanted` says which."""
    if not is_right:
        raise CheckFailedError(f"wanted: {wanted}")
