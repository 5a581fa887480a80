"""The file `noukai.toml`: the settings of a repository and of its stages."""

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from noukai_infra.suggestions import unknown_name

STAGES = "stages"
_STACK = "stack"
_INHERIT = "inherit"
_OWN = (_STACK, "protect", "account")
"""What a stage has for itself: no other stage is deployed by mistake where this one belongs."""


def read_noukai_toml(
    path: Path, known: Collection[str], stage: str | None, default_stack: str
) -> dict[str, Any]:
    """Return the settings of a stage, or without a stage those of the file; `known` are their names.

    `ValueError` names what is invalid.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not TOML: {error}.") from error
    _check_names([name for name in content if name != STAGES], known, path.name)
    return in_stage(path.name, content, known, stage, default_stack)


def in_stage(
    file: str, content: Mapping[str, Any], known: Collection[str], stage: str | None, default_stack: str
) -> dict[str, Any]:
    """Return the settings of a stage from the content of a file, or without a stage those of all.

    The settings of a stage override those of the file and of the stage that it inherits. A stage's stack is
    named after the stage unless it names its own, so that no stage replaces another one in the same account.
    A stack's name, its account and its protection are not inherited. `ValueError` names what is invalid.
    """
    stages = _stages(file, content.get(STAGES, {}))
    of_all = {name: value for name, value in content.items() if name != STAGES}
    for name, settings in stages.items():
        _check_names(settings, {*known, _INHERIT}, f"[{STAGES}.{name}] of {file}")
    if stage is None:
        return of_all
    if stage not in stages:
        others = f"only {', '.join(stages)}" if stages else "and no other"
        nearest = get_close_matches(stage, stages, n=1)
        advice = f"did you mean {nearest[0]}?" if nearest else f"add [{STAGES}.{stage}] to it."
        raise ValueError(f"{file} has no stage {stage}, {others}: {advice}")
    named = {_STACK: f"{of_all.get(_STACK, default_stack)}-{stage}"}
    settings = of_all
    for each in reversed(_line_of(stage, stages, file)):
        own = stages[each]
        kept = own if each == stage else {name: own[name] for name in own if name not in _OWN}
        settings = _merged(settings, kept)
    settings.pop(_INHERIT, None)
    return {**settings, **({} if _STACK in stages[stage] else named)}


def _line_of(stage: str, stages: Mapping[str, Mapping[str, Any]], file: str) -> list[str]:
    """Return a stage and those that it inherits, the nearest first."""
    line = [stage]
    while (parent := stages[line[-1]].get(_INHERIT)) is not None:
        if not isinstance(parent, str) or parent not in stages:
            raise ValueError(
                f"{STAGES}.{line[-1]}.{_INHERIT}: {file} has no stage {parent}: name one of "
                f"{', '.join(stages)}."
            )
        if parent in line:
            raise ValueError(
                f"{STAGES}.{line[-1]}.{_INHERIT}: {parent} inherits from {line[-1]} already: remove one of "
                "the two."
            )
        line.append(parent)
    return line


def _stages(file: str, stages: object) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(stages, dict):
        message = f"{STAGES}: {stages!r} is not a table of {file}: write [{STAGES}.NAME]."
        raise ValueError(message)  # noqa: TRY004 - of a file
    for name, settings in stages.items():
        if not isinstance(settings, dict):
            message = f"{STAGES}.{name}: {settings!r} is not a table of {file}: write [{STAGES}.{name}]."
            raise ValueError(message)  # noqa: TRY004 - of a file
    return stages


def _check_names(settings: Collection[str], known: Collection[str], where: str) -> None:
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
