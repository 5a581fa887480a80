"""The faults that a drill makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.drill.site import Site
from tests.e2e.local_system import KEY

MINUTE_MS = 60_000
PERIOD_MS = 5 * MINUTE_MS
Words = dict[str, str]


@dataclass
class Fault:
    """A fault on the local system.

    `make` makes it and returns the values of the runbook's words. `goes_on` is what happens in each step of
    time, also after the mend. `is_mended` waits for nothing. `apart` are the page's commands that are not
    run, by their beginnings, and why.
    """

    name: str
    page: str
    alarms: set[str]
    make: Callable[[Site], Words]
    is_mended: Callable[[Site], bool]
    goes_on: Callable[[Site], object] = lambda _: None
    step_ms: int = PERIOD_MS
    modelled: str = ""
    """What is not real on this machine, beside time."""
    apart: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Callable[[Site], object]] = field(default_factory=dict)
    """What an operator does by hand before a command, by the command's beginning."""
    shows: Mapping[str, Callable[[Site], bool]] = field(default_factory=dict)
    """What a command must have brought about before the next one."""
    key: str = KEY
    """The API key of the commands that ask the API."""
