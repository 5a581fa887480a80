"""The worker kinds of flows, by name.

`ml` is one of the settings; `m2048-t300` has 2048 MB and five minutes, and otherwise the default worker's
values. The stack's outputs have their queues: `QueueUrlM2048T300`, or `DrainingQueueUrlM2048T300` once no
flow asks for the worker kind.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from noukai_functions.names import DEFAULT_KIND
from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.settings import Settings, SettingsError, WorkerKind, complaints
from noukai_infra.settings.checks import GENERATED_KIND

_SETTINGS = {
    "m": "memory",
    "e": "ephemeral_storage",
    "c": "max_concurrency",
    "b": "batch_size",
    "t": "timeout",
}
_OUTPUT = re.compile(r"(Draining)?QueueUrl((?:[A-Z][a-z0-9]*)+)")
_PART = re.compile(r"[A-Z][a-z0-9]*")


FURTHER_QUEUES = "FurtherQueues"
"""The stack's output with the further queues of worker kinds that have several."""


@dataclass(frozen=True)
class DeployedQueue:
    """The queue of a worker kind in a deployed stack; it is draining if no flow asks for the worker kind."""

    url: str
    is_draining: bool

    @property
    def name(self) -> str:
        """Return the name of the queue."""
        return self.url.rpartition("/")[2]


def kind_named(name: str, settings: Settings) -> WorkerKind:
    """Return the worker kind with this name: one of the settings, or what the name says.

    Raises:
        SettingsError: it is not a worker kind's name.
    """
    if name in settings.workers:
        return settings.workers[name]
    parts = name.split("-") if GENERATED_KIND.fullmatch(name) else []
    if not parts or not {part[0] for part in parts} <= _SETTINGS.keys():
        raise SettingsError(
            f"{name!r} is not the name of a worker kind, such as m2048-t300 or one of [workers]: if it still "
            f"has jobs, keep [workers.{name}] in {SETTINGS_FILE.name} until a deploy has deleted it"
        )
    try:
        asked: dict[str, Any] = {_SETTINGS[part[0]]: int(part[1:]) for part in parts}
        return dataclasses.replace(settings.worker, warm=None, snap_start=False, **asked)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{name}: {said}" for said in complaints(error, WorkerKind))) from error


def in_a_resource(name: str) -> str:
    """Return a worker kind's name in letters and digits, for a resource: a capital begins each part."""
    return "".join(part.capitalize() for part in name.split("-"))


def output_of(name: str, *, is_draining: bool) -> str:
    """Return the name of the stack output with a worker kind's queue."""
    return f"{'Draining' if is_draining else ''}QueueUrl{in_a_resource(name)}"


def canary_output(name: str) -> str:
    """Return the name of the stack output with the queue of a worker kind's canary."""
    return f"Canary{output_of('' if name == DEFAULT_KIND else name, is_draining=False)}"


def canary_queues(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the URLs of the canary's queues by worker kind, from a deployed stack's outputs."""
    names = (DEFAULT_KIND, *deployed_queues(outputs))
    return {name: outputs[canary_output(name)] for name in names if canary_output(name) in outputs}


def deployed_queues(outputs: Mapping[str, str]) -> dict[str, DeployedQueue]:
    """Return the queues of worker kinds from a deployed stack's outputs."""
    found = ((_OUTPUT.fullmatch(output), url) for output, url in outputs.items())
    return {
        "-".join(_PART.findall(match[2])).lower(): DeployedQueue(url, match[1] is not None)
        for match, url in found
        if match is not None
    }


def further_queues(outputs: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the URLs of the further queues of worker kinds from a deployed stack's outputs."""
    found: dict[str, list[str]] = json.loads(outputs.get(FURTHER_QUEUES, "{}")).get("urls", {})
    return found


def further_sent(outputs: Mapping[str, str]) -> dict[str, int]:
    """Return to how many of its further queues each worker kind's jobs are sent."""
    found: dict[str, int] = json.loads(outputs.get(FURTHER_QUEUES, "{}")).get("sent", {})
    return found
