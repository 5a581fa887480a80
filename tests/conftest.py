"""What holds for every test, and how tests share the cores of a machine."""

import signal

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

IN_REAL_TIME = ("tests/e2e/", "tests/soak/")
ON_EVERY_CORE = "tests/model/test_explorer.py"


class ByFile(LoadScopeScheduling):
    """Keeps the tests of a file on one worker, as they share what is costly to start.

    What passes in real time is all on one worker, beside one other that calculates: two local systems at once, or
    one beside more processes than cores, would take from each other what their tests measure.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "in real time" if nodeid.startswith(IN_REAL_TIME) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Let workers take files in the order below."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest for waiting; end with what keeps every core busy, until the last worker's end."""
    items.sort(key=lambda item: (item.nodeid.startswith(ON_EVERY_CORE), not item.nodeid.startswith(IN_REAL_TIME)))


@pytest.fixture(autouse=True, scope="session")
def _interrupts_are_heard() -> None:
    """Interrupts reach the programs that tests start: a shell's background job ignores them, and so would these."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
