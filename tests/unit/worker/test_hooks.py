"""Python hooks that a flow has set."""

import sys
import threading

from noukai_functions.worker.inside.surroundings import Surroundings
from tests.unit.own_process import in_own_process, with_own_streams


def hooks() -> tuple[object, ...]:
    return (
        sys.excepthook,
        sys.unraisablehook,
        sys.displayhook,
        threading.excepthook,
        sys.getprofile(),
        sys.gettrace(),
    )


def test_hooks_are_as_before_for_the_next_attempt() -> None:
    """Hooks such as a profiler end with their attempt."""

    def attempt() -> None:
        with_own_streams()
        surroundings = Surroundings()
        before = hooks()
        sys.excepthook = sys.unraisablehook = sys.displayhook = threading.excepthook = print
        sys.setprofile(lambda *_: None)
        sys.settrace(lambda *_: None)
        assert surroundings.restore()
        assert hooks() == before

    in_own_process(attempt)
