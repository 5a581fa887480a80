"""A sweep of the whole table, as tests want it."""

from noukai_functions.handlers.sweep import Sweep
from tests.functions.harness import System


def swept(system: System) -> int:
    """Sweep the whole table; gives how many jobs were settled."""
    sweep = Sweep(system.deployment)
    assert sweep.go_on()
    return sweep.settled
