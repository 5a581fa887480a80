"""The operator's command lines: `make` in this repository, otherwise `noukai`."""

import os

from noukai_infra.folders import REPOSITORY, SOURCES
from noukai_infra.settings import STAGE


def command(name: str, arguments: str = "") -> str:
    """Return the command line that runs a command with these arguments, in the stage that is named now."""
    if REPOSITORY != SOURCES:
        stage = f"{STAGE}={os.environ[STAGE]} " if STAGE in os.environ else ""
        return f"{stage}noukai {name} {arguments}".rstrip()
    given = f'"{arguments}"' if " " in arguments else arguments
    return f"make {name} ARGS={given}" if given else f"make {name}"


def local_command(setting: str, value: str = "") -> str:
    """Return the command line that starts the local system with a setting; a switch has no value."""
    if REPOSITORY != SOURCES:
        return f"noukai local --{setting} {value}".rstrip()
    return f"make local {setting.upper()}={value or 1}"
