"""Ten equal flows, so that each webhook endpoint can ask for the jobs of one."""

from collections.abc import Callable

from noukai.flow import flow

FLOWS = 10


def _flow(number: int) -> Callable[[str], str]:
    @flow(name=f"flow-{number}", timeout=10)
    def echo(message: str) -> str:
        """Return the message."""
        return message

    return echo


globals().update({f"flow_{number}": _flow(number) for number in range(FLOWS)})
