"""The settings of every test, and the sharing of a machine's cores."""

import signal

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

# A busy machine is no fault of an example.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

IN_REAL_TIME = ("tests/e2e/", "tests/infra/local/test_local", "tests/soak/")
EXPLORATION = "tests/model/test_explorer.py"


class ByFile(LoadScopeScheduling):
    """Keeps the tests of a file on one worker, as they share what is costly to start; an exploration shares nothing.

    What passes in real time is all on one worker: two local systems at once would take from each other the time that
    their tests measure.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(IN_REAL_TIME):
            return "in real time"
        return nodeid if nodeid.startswith(EXPLORATION) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Let workers take files in the order below."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what mostly waits; end with the explorations, which keep every core busy and wait for nothing."""
    items.sort(
        key=lambda item: (item.nodeid.startswith(EXPLORATION), not item.nodeid.startswith(IN_REAL_TIME))
    )


@pytest.fixture(autouse=True, scope="session")
def _signals_are_heard() -> None:
    """Signals reach the programs that tests start: what `&` or `nohup` ignores, these would ignore as well."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(
            signal.SIGHUP, lambda *_: None
        )  # which no program inherits, and this one still lives on
