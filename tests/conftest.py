"""What holds for every test."""

import signal

import pytest


@pytest.fixture(autouse=True, scope="session")
def _interrupts_are_heard() -> None:
    """Interrupts reach the programs that tests start: a shell's background job ignores them, and so would these."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
