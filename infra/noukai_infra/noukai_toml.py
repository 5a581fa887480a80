"""The file `noukai.toml`: the settings of a repository and of its stages."""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from noukai_infra.suggestions import unknown_name

STAGES = "stages"
_STACK = "stack"


def read_noukai_toml(
    path: Path, known: Collection[str], stage: str | None, default_stack: str
) -> dict[str, Any]:
    """Return the settings of a stage, or without a stage those of the file; `known` are their names.

    The settings of a stage override those of the file. A stage's stack is named after the stage unless it
    names its own, so that no stage replaces another one in the same account. `ValueError` names what is
    invalid.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise ValueError(f"{path.name} is not TOML: {error}.") from error
    stages = _stages(path.name, content.pop(STAGES, {}))
    _check_names(content, known, path.name)
    for name, settings in stages.items():
        _check_names(settings, known, f"[{STAGES}.{name}] of {path.name}")
    if stage is None:
        return content
    if stage not in stages:
        others = f"only {', '.join(stages)}" if stages else "and no other"
        raise ValueError(f"{path.name} has no stage {stage}, {others}: add [{STAGES}.{stage}] to it.")
    named = {_STACK: f"{content.get(_STACK, default_stack)}-{stage}"}
    return _merged(content, {**named, **stages[stage]})


def _stages(file: str, stages: object) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(stages, dict):
        message = f"{STAGES}: {stages!r} is not a table of {file}: write [{STAGES}.NAME]."
        raise ValueError(message)  # noqa: TRY004 - of a file
    for name, settings in stages.items():
        if not isinstance(settings, dict):
            message = f"{STAGES}.{name}: {settings!r} is not a table of {file}: write [{STAGES}.{name}]."
            raise ValueError(message)  # noqa: TRY004 - of a file
    return stages


def _check_names(settings: Mapping[str, object], known: Collection[str], where: str) -> None:
    if unknown := [unknown_name(name, known, where) for name in settings if name not in known]:
        raise ValueError("\n".join(unknown))


def _merged(settings: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with a stage's settings merged over them; tables are merged too."""
    both = {**settings, **over}
    for name, value in over.items():
        before = settings.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            both[name] = _merged(before, value)
    return both
