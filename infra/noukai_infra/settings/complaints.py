"""Sentences about invalid settings."""

import dataclasses
import json
import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import ValidationError

from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.suggestions import unknown_name

_WORDS_OF_JSON = {"a valid tuple": "a list", "a valid dictionary": "an object", "a dictionary": "an object"}


def complaints(error: ValidationError, settings: Any) -> list[str]:
    """Return a sentence for each invalid value, with its setting and what is allowed.

    `settings` is the dataclass that was validated.
    """
    return [_complaint(each, settings) for each in error.errors()]


def _complaint(error: Any, settings: Any) -> str:
    path = [str(part) for part in error["loc"] if part != "[key]"]
    if error["type"] == "unexpected_keyword_argument":
        *group, name = path
        where = f"the {'.'.join(group)} of {SETTINGS_FILE.name}" if group else SETTINGS_FILE.name
        return ".".join([*group, unknown_name(name, _names_in(settings, group), where)])
    said = re.sub(r"^(Value error, |\w+ should )", "", error["msg"]).partition(", unable to")[0]
    wanted = re.sub(r" or an instance of \w+$", "", said)
    for python, of_json in _WORDS_OF_JSON.items():
        wanted = wanted.replace(python, of_json)
    return f"{'.'.join(path)}: {json.dumps(error['input'], default=str)} is invalid: it should {wanted}."


def _names_in(settings: Any, group: Sequence[str]) -> list[str]:
    """Return the names of the settings in a group, which may be in a list or a table of groups."""
    for part in group:
        of_part = {field.name: field.type for field in dataclasses.fields(settings)}
        settings = _dataclass_in(of_part[part]) if part in of_part else settings
    return [field.name for field in dataclasses.fields(settings)]


def _dataclass_in(annotation: Any) -> Any:
    """Return the dataclass that an annotation such as `dict[str, Group] | None` names, or None."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return annotation
    return next(filter(None, map(_dataclass_in, get_args(annotation))), None)
