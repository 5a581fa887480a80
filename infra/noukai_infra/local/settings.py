"""The settings of the local system, read from the environment."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from noukai_infra.cdk_json import once
from noukai_infra.folders import REPOSITORY, SETTINGS_FILE
from noukai_infra.local.emulator.secrets import LocalSecrets
from noukai_infra.local.errors import LocalError
from noukai_infra.settings import ERROR_TEXTS, SettingsError, file_context
from noukai_infra.settings import Settings as Deployed
from noukai_wire.secrets_file import SECRETS_FILE
from noukai_wire.variables import unknown_variables

DEFAULT_PORT = 8080
DEFAULT_DATA = REPOSITORY / ".build" / "local"

_LAST_PORT = 65_535
_CONTEXT = "CDK_CONTEXT_JSON"
_OWN = ("platform", "draining", "former")
"""The settings of a deployment that the local system sets itself."""

_NEAR = 0.85


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings; `port` 0 chooses a free port, `flows` is the absolute path of the flows folder.

    `data` is the folder in which jobs are kept between runs, or None; `is_fresh` empties it first. `context`
    has settings of a deployment, besides those of `cdk.json`. `notices` are about variables that have no
    effect. `secrets` are the flows' own.
    """

    port: int
    flows: Path
    data: Path | None = None
    is_fresh: bool = False
    context: Mapping[str, object] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    secrets: LocalSecrets = field(default_factory=LocalSecrets)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `PORT`, `FLOWS`, `DATA`, `FRESH` and `CDK_CONTEXT_JSON`; an empty value counts as unset.

        Relative folders start at the working directory. Each port has its own data; a free port has none
        unless `DATA` is set. Without `FLOWS`, the flows are those of a deployment.

        Raises:
            LocalError: a value is invalid.
        """
        port = environ.get("PORT") or str(DEFAULT_PORT)
        if not (port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT):
            raise LocalError(
                f"PORT={port} is not a port: give a number from 0 to {_LAST_PORT}; 0 chooses a free one."
            )
        context = _context(environ)
        given = environ.get("FLOWS")
        deployed = _deployed(context)
        flows = Path(given).expanduser().absolute() if given else deployed.flows_folder
        if not flows.is_dir():
            raise LocalError(
                f"{'FLOWS=' if given else 'flows: '}{given or flows}: this folder does not exist."
            )
        is_fresh = _choice(environ, "FRESH", "1", "0", "1 to begin anew, or 0 to go on with what is kept")
        _choice(environ, ERROR_TEXTS, "true", "false", "false to leave out the texts of errors, or true")
        kept = Path(environ["DATA"]).expanduser().absolute() if environ.get("DATA") else None
        data = kept or (DEFAULT_DATA / port if int(port) else None)
        secrets = LocalSecrets.of(deployed.secrets, REPOSITORY / SECRETS_FILE)
        notices = (*_notices(environ), *_settings_without_effect(deployed), *_programs_of_images(deployed))
        return cls(int(port), flows, data, is_fresh, {**context, **secrets.context}, notices, secrets)


def _choice(environ: Mapping[str, str], name: str, yes: str, no: str, instead: str) -> bool:
    value = environ.get(name) or no
    if value not in (yes, no):
        raise LocalError(f"{name}={value}: give {instead}.")
    return value == yes


def _context(environ: Mapping[str, str]) -> dict[str, object]:
    text = environ.get(_CONTEXT) or "{}"
    try:
        context = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError:
        context = None
    except ValueError as error:
        raise LocalError(f"{_CONTEXT}: {error}") from error
    if not isinstance(context, dict):
        raise LocalError(f"{_CONTEXT}={text} is not a JSON object: give settings as in {SETTINGS_FILE.name}.")
    if taken := [name for name in _OWN if name in context]:
        raise LocalError(f"{_CONTEXT}: leave out {', '.join(taken)}, which a local system sets itself.")
    return context


def _deployed(context: Mapping[str, object]) -> Deployed:
    try:
        return Deployed.from_context({**file_context(), **context})
    except SettingsError as error:
        raise LocalError(f"The settings cannot be used:\n{error}") from error


def _settings_without_effect(deployed: Deployed) -> Iterator[str]:
    if deployed.canary is not None:
        yield (
            f"the setting canary = {deployed.canary} has no effect: the local system runs all jobs on the "
            "flows as they are now"
        )


def _programs_of_images(deployed: Deployed) -> Iterator[str]:
    kinds = (deployed.worker, *deployed.workers.values())
    for folder in dict.fromkeys(kind.image for kind in kinds if kind.image is not None):
        file = folder / "Dockerfile"
        if (REPOSITORY / file).is_file():
            yield f"{file} is not run here: install what it installs, such as programs, on this machine"


def _notices(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each variable without effect that may be meant for the local system."""
    yield from unknown_variables(environ)
    ours = (_CONTEXT, ERROR_TEXTS)
    for name in environ:
        nearest = get_close_matches(name.upper(), ours, n=1, cutoff=_NEAR)
        if nearest and name not in ours:
            yield f"the environment variable {name} has no effect: did you mean {nearest[0]}?"
    if level := environ.get("LOG_LEVEL"):
        yield (
            f"the environment variable LOG_LEVEL={level} has no effect: set log_level in "
            f"{SETTINGS_FILE.name} instead"
        )
