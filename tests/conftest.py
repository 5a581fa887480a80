"""The settings of every test, and the distribution over the machine's cores."""

import os
import signal

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

# A busy machine must not fail an example.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

IN_REAL_TIME = ("tests/e2e/", "tests/infra/local/test_local", "tests/soak/")
FAILURES = "tests/e2e/failures/"
EXPLORATION = "tests/model/test_explorer.py"


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: those with the tests in real time mostly wait."""
    return (os.cpu_count() or 1) + 1


class ByFile(LoadScopeScheduling):
    """Scheduling that keeps a file's tests on one worker, since they share what is expensive to start.

    Explorations share nothing and are split. Tests that measure real time are on one worker, since local
    systems would slow each other down. Those of failures are on another: they wait for leases to be over.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(FAILURES):
            return "failures"
        if nodeid.startswith(IN_REAL_TIME):
            return "in real time"
        return nodeid if nodeid.startswith(EXPLORATION) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Let workers take files in the order below."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with tests that mostly wait; end with the explorations, which keep every core busy."""
    items.sort(
        key=lambda item: (item.nodeid.startswith(EXPLORATION), not item.nodeid.startswith(IN_REAL_TIME))
    )


@pytest.fixture(autouse=True, scope="session")
def _signals_are_heard() -> None:
    """Let signals reach the programs that tests start, even if `&` or `nohup` made us ignore them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # This process still survives the signal, but programs do not inherit a handler.
        signal.signal(signal.SIGHUP, lambda *_: None)
