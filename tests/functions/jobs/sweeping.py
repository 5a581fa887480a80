"""A sweep of the whole table, for tests."""

from noukai_functions.handlers.sweep import Sweep
from tests.functions.harness import System


def swept(system: System) -> int:
    """Sweep the whole table; return how many jobs were settled."""
    sweep = Sweep(system.deployment)
    assert sweep.go_on()
    return sweep.settled
