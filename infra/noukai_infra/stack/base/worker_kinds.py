"""The worker kinds of flows, by name: `m2048-t300` has 2048 MB and five minutes, and otherwise the defaults.

The stack's outputs have their queues: `QueueUrlM2048T300`, or `DrainingQueueUrlM2048T300` once no flow asks
for the worker kind.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from noukai_infra.settings import SettingsError, WorkerKind, complaints

_SETTINGS = {
    "m": "memory",
    "e": "ephemeral_storage",
    "c": "max_concurrency",
    "b": "batch_size",
    "t": "timeout",
}
_NAME = re.compile(r"[a-z]\d+(-[a-z]\d+)*")
_OUTPUT = re.compile(r"(Draining)?QueueUrl((?:[A-Z]\d+)+)")


@dataclass(frozen=True)
class DeployedQueue:
    """The queue of a worker kind in a deployed stack; it is draining if no flow asks for the worker kind."""

    url: str
    is_draining: bool

    @property
    def name(self) -> str:
        """Return the name of the queue."""
        return self.url.rpartition("/")[2]


def kind_named(name: str, default: WorkerKind) -> WorkerKind:
    """Return the worker kind with this name, with the default's value for each missing part.

    Raises:
        SettingsError: it is not a worker kind's name.
    """
    parts = name.split("-") if _NAME.fullmatch(name) else []
    if not parts or not {part[0] for part in parts} <= _SETTINGS.keys():
        raise SettingsError(f"{name!r} is not the name of a worker kind, such as m2048-t300")
    try:
        return dataclasses.replace(
            default, warm=None, **{_SETTINGS[part[0]]: int(part[1:]) for part in parts}
        )
    except ValidationError as error:
        raise SettingsError("\n".join(f"{name}: {said}" for said in complaints(error, WorkerKind))) from error


def in_a_resource(name: str) -> str:
    """Return a worker kind's name reduced to letters and digits, for a resource."""
    return name.replace("-", "").upper()


def output_of(name: str, *, is_draining: bool) -> str:
    """Return the name of the stack output with a worker kind's queue."""
    return f"{'Draining' if is_draining else ''}QueueUrl{in_a_resource(name)}"


def deployed_queues(outputs: Mapping[str, str]) -> dict[str, DeployedQueue]:
    """Return the queues of worker kinds from a deployed stack's outputs."""
    found = ((_OUTPUT.fullmatch(output), url) for output, url in outputs.items())
    return {
        "-".join(re.findall(r"[A-Z]\d+", match[2])).lower(): DeployedQueue(url, match[1] is not None)
        for match, url in found
        if match is not None
    }
