"""Python's hooks, filters of warnings and logging, as a flow has set them."""

import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable

import pytest

from noukai_functions.worker.inside.log_records import flow_logger, send_records
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


def warned() -> int:
    """Return how many of two warnings of one place are shown."""
    shown: list[object] = []
    warnings.showwarning = lambda *warning, **_: shown.append(warning)
    for _ in range(2):
        warnings.warn("slow", stacklevel=1)
    return len(shown)


@pytest.mark.parametrize(
    "filtering", [int, lambda: warnings.simplefilter("ignore"), warnings.resetwarnings], ids=["", "no", "all"]
)
def test_each_attempt_has_its_warnings(filtering: Callable[[], object]) -> None:
    """A place warns once in each, whatever the one before has filtered."""

    def attempt() -> None:
        warnings.simplefilter("default")
        surroundings = Surroundings()
        assert warned() == 1
        filtering()
        assert surroundings.restore()
        assert warned() == 1

    in_own_process(attempt)


CONFIGURED: dict[str, Callable[[], object]] = {
    "root by itself": lambda: logging.warning("any"),  # noqa: LOG015 - as flows do
    "root": lambda: logging.basicConfig(level=logging.CRITICAL),
    "level": lambda: logging.getLogger().setLevel(logging.CRITICAL),
    "all": lambda: logging.disable(logging.CRITICAL),
    "last resort": lambda: setattr(logging, "lastResort", None),
    "filter": lambda: logging.getLogger("noukai.flow").addFilter(lambda _: False),
    "level of flows": lambda: flow_logger().setLevel(logging.CRITICAL),
}


@pytest.mark.parametrize("kind", CONFIGURED)
def test_each_attempt_has_its_records(kind: str) -> None:
    """Whatever the one before has configured, they come with their fields."""

    def attempt() -> None:
        with_own_streams()
        reading, writing = os.pipe()
        logging.getLogger().handlers.clear()  # those of the tests
        send_records(writing)
        surroundings = Surroundings()
        CONFIGURED[kind]()
        assert surroundings.restore()
        logging.getLogger("shop").info("sold", extra={"count": 2})
        flow_logger().info("bought", count=3)
        os.close(writing)
        records = os.read(reading, 1 << 16).splitlines()
        assert [json.loads(each)["fields"]["count"] for each in records[-2:]] == [2, 3]

    in_own_process(attempt)
