"""The checks of this machine and of the repository."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version

from noukai_infra.command_line import command, local_command
from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.local.emulator import patching
from noukai_infra.local.settings import DEFAULT_PORT
from noukai_infra.nodejs import NODE
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.checks.runtimes import check_runtime
from noukai_infra.repository import surroundings
from noukai_infra.settings import Settings, SettingsError, file_context


@dataclass(frozen=True)
class Finding:
    """The finding of a check; `is_needed` means that nothing works without it."""

    name: str
    said: str
    is_good: bool = True
    is_needed: bool = True


def findings() -> Iterator[Finding]:
    """Yield the finding of each check."""
    yield _checked("Python", _python)
    yield _checked("settings", _settings)
    yield _checked("Node", _node)
    yield _checked("emulator", _emulator)
    yield _checked("port", _port, is_needed=False)
    yield _checked("images", surroundings.builder, is_needed=False)
    yield _checked("proxy", surroundings.proxy, is_needed=False)
    yield _checked("clock", surroundings.clock, is_needed=False)
    yield _checked("AWS", _account, is_needed=False)


def _checked(name: str, check: Callable[[], str], *, is_needed: bool = True) -> Finding:
    try:
        return Finding(name, check(), is_needed=is_needed)
    except (OperatorError, SettingsError, OSError, subprocess.SubprocessError) as error:
        return Finding(name, str(error), is_good=False, is_needed=is_needed)


def _python() -> str:
    warning = check_runtime(sys.version_info[:2])
    return warning or f"{sys.version_info.major}.{sys.version_info.minor}, which Lambda has"


def _settings() -> str:
    settings = Settings.from_context(file_context())
    if not settings.flows_folder.is_dir():
        raise SettingsError(f"flows: there is no folder {settings.flows_folder}.")
    return f"{SETTINGS_FILE}: the stack {settings.stack} with the flows of {settings.flows_folder}"


def _node() -> str:
    done = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own Node
    return f"{done.stdout.strip()}, which came with noukai[deploy]"


def _emulator() -> str:
    found = version("ministack")
    if found != patching.MADE_FOR:
        raise OperatorError(f"ministack {found} is installed: pip install ministack=={patching.MADE_FOR}")
    return f"ministack {found}"


def _port() -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", DEFAULT_PORT))
            return f"{DEFAULT_PORT} is free for `{command('local')}`"
    raise OperatorError(f"{DEFAULT_PORT} is in use; for another: `{local_command('port', '8081')}`")


def _account() -> str:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - it is loaded by now

    try:
        settings = Settings.from_context(file_context())
        account = Account.configured(os.environ, settings.region)
        account.check_place(settings.account, settings.region)
    except (BotoCoreError, ClientError) as error:
        raise OperatorError(str(error)) from error
    return f"the account {account.number}, region {account.region}"
