"""Sentences about invalid settings."""

import dataclasses
import json
import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import ValidationError

from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.suggestions import unknown_name

_WORDS_OF_JSON = {
    "a valid tuple": "a list",
    "a valid dictionary": "an object",
    "a dictionary": "an object",
    "a valid string": "a text in quotes",
}

_SHAPES = {
    "account": "have twelve digits",
    "role_path": "be / or begin and end with a slash, such as /workloads/",
    "kms_key": "be a key's ARN, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…, and no alias",
    "zone": "be the id of a Route 53 zone, such as Z0123456789ABC: `aws route53 list-hosted-zones` shows it",
    "vpc": "be an id such as vpc-0a1b2c3d4e5f67890",
    "alarm_topic": "be a topic's ARN, such as arn:aws:sns:eu-central-1:123456789012:alarms",
    "stack": "begin with a letter, then letters, digits and hyphens, 128 characters at most",
    "qualifier": "have one to ten lower-case letters and digits",
}
"""What texts of these settings look like, in place of their pattern."""

_HIDDEN = frozenset({"environment", "secrets"})
_LONGEST = 200
"""How much of a value is shown."""


def complaints(error: ValidationError, settings: Any) -> list[str]:
    """Return a sentence for each invalid value, with its setting and what is allowed.

    `settings` is the dataclass that was validated.
    """
    return [_complaint(each, settings) for each in error.errors()]


def _complaint(error: Any, settings: Any) -> str:
    path = [str(part).replace("\n", "\\n") for part in error["loc"] if part != "[key]"]
    if error["type"] == "unexpected_keyword_argument":
        *group, name = path
        where = f"the {'.'.join(group)} of {SETTINGS_FILE.name}" if group else SETTINGS_FILE.name
        return ".".join([*group, unknown_name(name, _names_in(settings, group), where)])
    if error["type"] == "string_pattern_mismatch" and (shape := _shape(path)):
        return f"{'.'.join(path)}: {json.dumps(error['input'], default=str)} is invalid: it should {shape}."
    said = re.sub(r"^(Value error, |\w+ should )", "", error["msg"]).partition(", unable to")[0]
    wanted = re.sub(r" or an instance of \w+$", "", said)
    for python, of_json in _WORDS_OF_JSON.items():
        wanted = wanted.replace(python, of_json)
    return f"{'.'.join(map(_cut, path))}: {_value(path[:1], error['input'])} is invalid: it should {wanted}."


def _value(setting: Sequence[str], value: object) -> str:
    """Return a value as JSON; not one that may be a secret, also by mistake, since CI keeps its logs."""
    return (
        "its value"
        if _HIDDEN.intersection(setting)
        else _cut(json.dumps(value, ensure_ascii=False, default=str))
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _shape(path: Sequence[str]) -> str | None:
    if path[-1] == "zone" and path[0] not in ("domain", "edge"):
        return "be a time zone such as Europe/Berlin"
    return _SHAPES.get(path[-1])


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
