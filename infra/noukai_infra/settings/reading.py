"""Reading the settings of the repository's file."""

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path

from noukai_infra.cdk_json import read_context
from noukai_infra.folders import NOUKAI_TOML, SETTINGS_FILE, SOURCES
from noukai_infra.noukai_toml import STAGES, in_stage, read_noukai_toml
from noukai_infra.settings.checks import SettingsError
from noukai_infra.settings.settings import DEFAULT_STACK, Settings

ROOT = SOURCES
"""This repository, for its tests."""

_CDK_JSON = "cdk.json"
_OUR_APP = "noukai_infra"

STAGE = "NOUKAI_STAGE"
"""The environment variable that selects a stage."""


def file_context() -> dict[str, object]:
    """Read the settings of the repository's file, in the stage that the environment selects.

    Raises:
        SettingsError: the file or the stage does not exist, or the file has unknown settings.
    """
    return settings_in(SETTINGS_FILE, os.environ.get(STAGE) or None)


def settings_in(file: Path, stage: str | None) -> dict[str, object]:
    """Read the settings of a file, like `file_context`."""
    try:
        known = [field.name for field in dataclasses.fields(Settings)]
        if file.name == NOUKAI_TOML:
            _check_alone(file)
            return read_noukai_toml(file, known, stage, DEFAULT_STACK)
        context = read_context(file)
        if stage is not None and STAGES not in context:
            raise SettingsError(f"{file.name} has no stages, such as {stage}: {NOUKAI_TOML} may have some.")
        return in_stage(file.name, context, known, stage, DEFAULT_STACK)
    except FileNotFoundError:
        raise SettingsError(
            f"There is no {NOUKAI_TOML} in {file.parent} or above: go to the folder of your repository, or "
            "make one with `noukai init`."
        ) from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _check_alone(file: Path) -> None:
    """Refuse a `cdk.json` of ours beside `noukai.toml`: its settings would be ignored.

    One for another app, which the team has as well, is its own business, whatever its context has.
    """
    other = file.with_name(_CDK_JSON)
    content = _content(other)
    app, context = content.get("app"), _context(content)
    known = {STAGES, *(field.name for field in dataclasses.fields(Settings))}
    if _OUR_APP in str(app) or (app is None and known & context.keys()):
        raise SettingsError(
            f"Both {file.name} and {other.name} in {file.parent} have settings: move those of {other.name} "
            f"into {file.name}, and delete {other.name}."
        )


def _content(cdk_json: Path) -> Mapping[str, object]:
    """Return the content of a `cdk.json`, also of another app; it is empty if there is none."""
    if not cdk_json.is_file():
        return {}
    try:
        content: object = json.loads(cdk_json.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{cdk_json} is not JSON: {error}.") from error
    return content if isinstance(content, dict) else {}


def _context(content: Mapping[str, object]) -> Mapping[str, object]:
    context = content.get("context")
    return context if isinstance(context, dict) else {}


def overrides(given: Mapping[str, object], file: Path) -> dict[str, object]:
    """Return what overrides the file in a context that the CDK command gives.

    The command adds all of the folder's `cdk.json` to it. That would go before the settings of a stage;
    beside `noukai.toml`, it is the context of another app.
    """
    of_file = _context(_content(file.with_name(_CDK_JSON)))
    return {name: value for name, value in given.items() if name not in of_file or of_file[name] != value}
