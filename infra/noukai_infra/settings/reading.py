"""Reading the settings of the repository's file."""

import dataclasses
import os
from pathlib import Path

from noukai_infra.cdk_json import read_context
from noukai_infra.folders import NOUKAI_TOML, SETTINGS_FILE, SOURCES
from noukai_infra.noukai_toml import read_noukai_toml
from noukai_infra.settings.checks import SettingsError
from noukai_infra.settings.settings import DEFAULT_STACK, Settings

ROOT = SOURCES
"""This repository, for its tests."""

STAGE = "NOUKAI_STAGE"
"""The environment variable that selects a stage of `noukai.toml`."""


def file_context() -> dict[str, object]:
    """Read the settings of the repository's file, in the stage that the environment selects.

    Raises:
        SettingsError: the file or the stage does not exist, or the file has unknown settings.
    """
    return settings_in(SETTINGS_FILE, os.environ.get(STAGE) or None)


def settings_in(file: Path, stage: str | None) -> dict[str, object]:
    """Read the settings of a file, like `file_context`."""
    try:
        if file.name == NOUKAI_TOML:
            return read_noukai_toml(
                file, [field.name for field in dataclasses.fields(Settings)], stage, DEFAULT_STACK
            )
        if stage is not None:
            raise SettingsError(f"{file.name} has no stages, such as {stage}: {NOUKAI_TOML} may have some.")
        return read_context(file)
    except FileNotFoundError:
        raise SettingsError(
            f"There is no {NOUKAI_TOML} in {file.parent} or above: go to the folder of your repository, or "
            "make one with `noukai init`."
        ) from None
    except ValueError as error:
        raise SettingsError(str(error)) from error
