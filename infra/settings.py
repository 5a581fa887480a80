"""The settings of a deployment, read from the context of `cdk.json` (or `cdk deploy -c name=value`)."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from noukai_wire.limits import WORKER_MARGIN_SECONDS

ROOT = Path(__file__).resolve().parent.parent

EXPIRY_ATTRIBUTE = "t"
"""Of a row of the jobs table, or a count of calls: when it expires, as the functions write it."""

LogRetention = Literal["ONE_DAY", "ONE_WEEK", "TWO_WEEKS", "ONE_MONTH", "THREE_MONTHS", "SIX_MONTHS", "ONE_YEAR"]

_CONFIG = ConfigDict(extra="forbid")


def _split(value: object) -> object:
    """Read what the command line gives as text, with commas between."""
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


class SettingsError(ValueError):
    """A setting has a value that it cannot have; the message names each such setting."""


@dataclass(frozen=True, config=_CONFIG)
class WorkerProfile:
    """How a worker runs its flows: memory and storage in MB, times in seconds."""

    memory: Annotated[int, Field(ge=128, le=10_240)] = 1024
    timeout: Annotated[int, Field(ge=30, le=900)] = 900
    batch_size: Annotated[int, Field(ge=1, le=10)] = 1
    batch_window: Annotated[int, Field(ge=0, le=300)] = 0
    max_concurrency: Annotated[int, Field(ge=2, le=1000)] = 5
    ephemeral_storage: Annotated[int, Field(ge=512, le=10_240)] = 512
    lease_seconds: Annotated[int, Field(ge=3, le=60)] = 60
    grace_seconds: Annotated[int, Field(ge=0, le=60)] = 10

    @property
    def flow_seconds(self) -> int:
        """How long a flow may take: the worker's time without the grace, and without that for starting and settling."""
        return max(0, self.timeout - self.grace_seconds - WORKER_MARGIN_SECONDS)


@dataclass(frozen=True, config=_CONFIG)
class Settings:
    """What an operator may set; the names are those of the context.

    `flows` is the folder of the flows, relative to the repository. `platform` is what the assets are built for:
    `manylinux` (as deployed) or `host` (this machine, for an emulator on it). `architecture` is that of all functions:
    x86_64 costs a quarter more, and is for flows that need libraries without wheels for arm64. `tables` says what
    becomes of the tables when the stack is destroyed: `retain` keeps jobs, keys and use, `destroy` deletes them with
    the stack, for deployments that are to leave nothing behind. `environment` and `policies` (IAM statements) reach the
    worker only. `draining` names profiles that no flow asks for any more and whose workers go on, as `make deploy`
    finds out itself. `wait_reserved_concurrency` is set apart for waits, and bounds them: who is refused asks plainly
    instead; `execute_reserved_concurrency` does so for executions, and who is refused has submitted nothing. Without
    them holding is on, and shares the account's concurrency with the workers. `wait_memory` is that of both.
    `price_job` and `price_gb_second` are what use is estimated to cost, in USD: AWS's own bill by default.
    """

    stack: str = "noukai"
    flows: Path = Path("functions/flows")
    platform: Literal["manylinux", "host"] = "manylinux"
    architecture: Literal["arm64", "x86_64"] = "arm64"
    tables: Literal["retain", "destroy"] = "retain"
    memory: Annotated[int, Field(ge=128, le=10_240)] = 256
    wait_memory: Annotated[int, Field(ge=128, le=10_240)] = 128
    wait_reserved_concurrency: Annotated[int, Field(ge=1)] | None = None
    execute_reserved_concurrency: Annotated[int, Field(ge=1)] | None = None
    throttle_rate: Annotated[int, Field(ge=1)] = 500
    throttle_burst: Annotated[int, Field(ge=1)] = 1000
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"] = "INFO"
    log_retention: LogRetention = "ONE_MONTH"
    price_job: Annotated[float, Field(ge=0)] = 0.000007
    price_gb_second: Annotated[float, Field(ge=0)] = 0.0000133334
    worker: WorkerProfile = dataclasses.field(default_factory=WorkerProfile)
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    policies: tuple[dict[str, Any], ...] = ()
    draining: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()

    @classmethod
    def from_context(cls, look_up: Callable[[str], object]) -> "Settings":
        """Take the settings that `look_up` knows, and the defaults for the others.

        Raises:
            SettingsError: a value is none that the setting can have.
        """
        given = {field.name: look_up(field.name) for field in dataclasses.fields(cls)}
        known = {name: value for name, value in given.items() if value is not None}
        try:
            return TypeAdapter(cls).validate_python(known)
        except ValidationError as error:
            raise SettingsError("\n".join(_complaints(error))) from error

    @property
    def flows_folder(self) -> Path:
        """The absolute folder of the flows."""
        return ROOT / self.flows


def file_context() -> dict[str, object]:
    """Read the context as it stands in `cdk.json`."""
    context: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def _complaints(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
