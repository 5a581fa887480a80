"""A finding, and how a check makes one within a bounded time."""

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Thread

from botocore.exceptions import BotoCoreError, ClientError

from noukai_infra.bundle.error import BundleError
from noukai_infra.operations.account import OperatorError
from noukai_infra.settings import SettingsError

SECONDS = 15.0
"""The longest time of a check. Requests have shorter limits, but none bounds the resolution of a name."""

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
_EXPECTED = (
    OperatorError,
    SettingsError,
    BundleError,
    BotoCoreError,
    ClientError,
    OSError,
    subprocess.SubprocessError,
)


class NotCheckedError(Exception):
    """The reason why a check could not be made, and what would let it; nothing may be wrong."""


@dataclass(frozen=True)
class Finding:
    """The finding of a check; `is_needed` means that something cannot work without it."""

    name: str
    said: str
    is_good: bool = True
    is_needed: bool = True


def checked(
    name: str,
    check: Callable[[], str | Iterable[Finding]],
    *,
    is_needed: bool = True,
    seconds: float = SECONDS,
) -> list[Finding]:
    """Make a check that returns a text or findings, and raises if something is wrong; wait no longer."""
    made: list[Finding] = []

    def run() -> None:
        try:
            found = check()
            made.extend([Finding(name, found)] if isinstance(found, str) else list(found))
        except NotCheckedError as error:
            made.append(Finding(name, str(error), is_good=False, is_needed=False))
        except _EXPECTED as error:
            made.append(_failed(name, error, is_needed=is_needed))

    # A daemon, so that a request that never ends does not keep the command from ending.
    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        late = (
            f"not checked: no answer within {seconds:.0f} s: check the network; behind a proxy, HTTPS_PROXY"
        )
        return [Finding(name, late, is_good=False, is_needed=is_needed)]
    return made


def _failed(name: str, error: Exception, *, is_needed: bool) -> Finding:
    if right := denied(error):
        said = f"not checked: these credentials may not {right}; allow it, or let somebody check who may"
        return Finding(name, said, is_good=False, is_needed=False)
    return Finding(name, str(error), is_good=False, is_needed=is_needed)


def denied(error: Exception) -> str | None:
    """Return the operation that AWS has denied to these credentials; None for any other error."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIED:
        return error.operation_name
    return None
