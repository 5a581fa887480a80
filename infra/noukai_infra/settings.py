"""The settings of a deployment.

They are read from `noukai.toml`, or without it from the context of `cdk.json`; `-c name=value` on the command
line overrides both.
"""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from noukai_infra.cdk_json import own_settings, read_context
from noukai_infra.folders import NOUKAI_TOML, REPOSITORY, SETTINGS_FILE, SOURCES
from noukai_infra.noukai_toml import read_noukai_toml
from noukai_infra.suggestions import unknown_name
from noukai_wire.limits import WORKER_MARGIN_SECONDS

ROOT = SOURCES
"""This repository, for its tests."""

STAGE = "NOUKAI_STAGE"
"""The environment variable that selects a stage of `noukai.toml`."""

ERROR_TEXTS = "LOG_ERROR_TEXTS"
"""The worker's variable that allows (`true`) or forbids (`false`) exception messages of flows in its log."""

DEFAULT_STACK = "noukai"

LogRetention = Literal[
    "ONE_DAY", "ONE_WEEK", "TWO_WEEKS", "ONE_MONTH", "THREE_MONTHS", "SIX_MONTHS", "ONE_YEAR"
]

_WHERE = SETTINGS_FILE.name if SETTINGS_FILE.name == NOUKAI_TOML else f"the context of {SETTINGS_FILE.name}"
"""The place of the settings, for messages."""

_CONFIG = ConfigDict(extra="forbid")


def _split(value: object) -> object:
    """Split a comma-separated text of the command line."""
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


def _number(value: object) -> object:
    """Refuse `true` as a number, since Python takes it for 1."""
    if isinstance(value, bool):
        raise ValueError("be a number")  # noqa: TRY004 - pydantic reports it beside its own
    return value


_A_NUMBER = BeforeValidator(_number)


def _folder(value: object) -> object:
    """Refuse an empty text, which would mean the repository's own folder."""
    if not isinstance(value, str | Path) or not str(value).strip():
        raise ValueError("be the name of a folder")
    return value


_FlowName = Annotated[str, Field(pattern=r"^[^/,]+/[^/,]+$")]

_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
    r"|AWS_(ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)"
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""


def _variable(name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]+", name):
        raise ValueError(
            "be a variable's name: a letter, then letters, digits and underscores, two characters at least"
        )
    if _RESERVED.fullmatch(name):
        raise ValueError("be another variable: Lambda sets this one itself")
    return name


_STATEMENT = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
"""The keys of an IAM statement about a role's own permissions."""


def _statement(value: dict[str, Any]) -> dict[str, Any]:
    unknown = [
        unknown_name(name, _STATEMENT, "a statement of IAM") for name in value if name not in _STATEMENT
    ]
    if unknown:
        raise ValueError(f"have no {unknown[0]}")
    if value.get("Effect") not in ("Allow", "Deny"):
        raise ValueError('have an "Effect" of "Allow" or "Deny"')
    for one in ("Action", "Resource"):
        if (one in value) == (f"Not{one}" in value):
            raise ValueError(f'have either "{one}" or "Not{one}"')
    return value


_USD_PER_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
"""The price of the first tier in us-east-1: https://aws.amazon.com/lambda/pricing/."""


class SettingsError(ValueError):
    """An error that names each setting with an invalid value."""


@dataclass(frozen=True, config=_CONFIG)
class WorkerKind:
    """A worker kind: memory and storage in MB, times in seconds."""

    memory: Annotated[int, _A_NUMBER, Field(ge=128, le=10_240)] = 1024
    timeout: Annotated[int, _A_NUMBER, Field(ge=30, le=900)] = 900
    batch_size: Annotated[int, _A_NUMBER, Field(ge=1, le=10)] = 1
    batch_window: Annotated[int, _A_NUMBER, Field(ge=0, le=300)] = 0
    max_concurrency: Annotated[int, _A_NUMBER, Field(ge=2, le=1000)] = 5
    ephemeral_storage: Annotated[int, _A_NUMBER, Field(ge=512, le=10_240)] = 512
    lease_seconds: Annotated[int, _A_NUMBER, Field(ge=3, le=60)] = 60
    grace_seconds: Annotated[int, _A_NUMBER, Field(ge=0, le=60)] = 10
    import_seconds: Annotated[int, _A_NUMBER, Field(ge=1, le=600)] = 60
    """The time limit for importing a flow's module; the timeout of a job starts after the import."""

    @property
    def flow_seconds(self) -> int:
        """Return a flow's time limit: the timeout without the grace and the time to start and settle."""
        return max(0, self.timeout - self.grace_seconds - WORKER_MARGIN_SECONDS)


@dataclass(frozen=True, config=_CONFIG)
class Settings:
    """The settings of an operator, named as in the context.

    `flows` is the flows folder, relative to the repository. `account` and `region` are the stack's place:
    credentials for another place deploy nothing. `platform` is what the assets are built for: `manylinux` (to
    deploy) or `host` (an emulator on this machine). `architecture` is that of all functions: x86_64 costs a
    quarter more, and is for flows whose libraries have no wheels for arm64. `tables` decides about the tables
    when the stack is destroyed: `retain` keeps jobs, keys and usage, `destroy` deletes them with the stack.
    `environment` and `policies` (IAM statements) reach only the worker. `secret_environment` names variables
    of `environment` whose values are masked in jobs' logs and errors; `copy_logs` copies jobs' logs to
    CloudWatch. `draining` names worker kinds that no
    flow asks for any more, but whose workers continue. `former` are flows (`project/flow`) that were deployed
    before and still have jobs; `make deploy` finds out both. `schedule_org` is the org of the jobs that flows
    schedule themselves. `wait_reserved_concurrency` reserves and limits
    the concurrency of held waits; a client that is refused polls instead. `execute_reserved_concurrency` does
    the same for executions; a refused execution has submitted nothing. Without them, holds share the
    account's concurrency with the workers. `wait_memory` is the memory of both functions. `price_job` and
    `price_gb_second` are the prices for cost estimates, in USD: by default AWS's own. `metrics` are written
    by worker kind, also by `flow`, or not at all (`none`). `alarms` are made unless it is false; they tell
    `alarm_email` and the topic `alarm_topic` (an ARN). `oldest_message_hours` is the age from which a waiting
    message raises one. `failed_flows` maps flows (`project/flow`) to the share of failed jobs above which an
    alarm of their own is raised. `audit_retention` is that of the audit log; `audit_submissions` adds a line
    for each submission. `event_bus` names an event bus of the account, such as `default`, that gets an event
    at the end of each job. `webhooks_to_localhost` lets webhook endpoints be programs on the functions' own
    machine: the local system sets it.
    `dashboard` makes one of CloudWatch. `xray` samples the invocations of all functions.
    """

    stack: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$")] = DEFAULT_STACK
    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = None
    region: str | None = None
    flows: Annotated[Path, BeforeValidator(_folder)] = Path("functions/flows")
    platform: Literal["manylinux", "host"] = "manylinux"
    architecture: Literal["arm64", "x86_64"] = "arm64"
    tables: Literal["retain", "destroy"] = "retain"
    memory: Annotated[int, _A_NUMBER, Field(ge=128, le=10_240)] = 256
    wait_memory: Annotated[int, _A_NUMBER, Field(ge=128, le=10_240)] = 128
    wait_reserved_concurrency: Annotated[int, _A_NUMBER, Field(ge=1)] | None = None
    execute_reserved_concurrency: Annotated[int, _A_NUMBER, Field(ge=1)] | None = None
    throttle_rate: Annotated[int, _A_NUMBER, Field(ge=1)] = 500
    throttle_burst: Annotated[int, _A_NUMBER, Field(ge=1)] = 1000
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"] = "INFO"
    log_retention: LogRetention = "ONE_MONTH"
    audit_retention: LogRetention = "ONE_YEAR"
    audit_submissions: bool = False
    price_job: Annotated[float, _A_NUMBER, Field(ge=0, allow_inf_nan=False)] = 0.0000079
    price_gb_second: Annotated[float, _A_NUMBER, Field(ge=0, allow_inf_nan=False)] | None = None
    metrics: Literal["none", "kind", "flow"] = "kind"
    alarms: bool = True
    event_bus: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,256}$")] | None = None
    webhooks_to_localhost: bool = False
    dashboard: bool = False
    xray: bool = False
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    alarm_topic: Annotated[str, Field(pattern=r"^arn:aws[\w-]*:sns:[\w-]+:[0-9]{12}:[\w.-]+$")] | None = None
    oldest_message_hours: Annotated[int, _A_NUMBER, Field(ge=1, le=240)] = 6
    failed_flows: dict[_FlowName, Annotated[float, _A_NUMBER, Field(gt=0, lt=1)]] = dataclasses.field(
        default_factory=dict
    )
    worker: WorkerKind = dataclasses.field(default_factory=WorkerKind)
    environment: dict[Annotated[str, AfterValidator(_variable)], str] = dataclasses.field(
        default_factory=dict
    )
    secret_environment: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
    copy_logs: bool = False
    policies: tuple[Annotated[dict[str, Any], AfterValidator(_statement)], ...] = ()
    draining: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
    schedule_org: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$")] | None = None
    former: Annotated[tuple[_FlowName, ...], BeforeValidator(_split)] = ()

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> "Settings":
        """Return our settings from a context, or their defaults.

        Raises:
            SettingsError: a setting is unknown, or has an invalid value.
        """
        try:
            given = own_settings(context, [field.name for field in dataclasses.fields(cls)], _WHERE)
            return TypeAdapter(cls).validate_python(
                {name: value for name, value in given.items() if value is not None}
            )
        except ValidationError as error:
            raise SettingsError("\n".join(complaints(error))) from error
        except ValueError as error:
            raise SettingsError(str(error)) from error

    @property
    def has_metrics(self) -> bool:
        """Return whether functions write metrics."""
        return self.metrics != "none"

    @property
    def usd_per_gb_second(self) -> float:
        """Return the price of compute for estimates, by default AWS's own for the architecture."""
        return _USD_PER_GB_SECOND[self.architecture] if self.price_gb_second is None else self.price_gb_second

    @property
    def flows_folder(self) -> Path:
        """Return the absolute path of the flows folder."""
        return REPOSITORY / self.flows


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


_NAMES: Mapping[str, list[str]] = {"worker": [field.name for field in dataclasses.fields(WorkerKind)]}
"""The names within structured settings."""

_WORDS_OF_JSON = {"a valid tuple": "a list", "a valid dictionary": "an object", "a dictionary": "an object"}


def complaints(error: ValidationError) -> list[str]:
    """Return a sentence for each invalid value, with its setting and what is allowed."""
    return [_complaint(each) for each in error.errors()]


def _complaint(error: Any) -> str:
    path = [str(part) for part in error["loc"] if part != "[key]"]
    if error["type"] == "unexpected_keyword_argument":
        where = f"the {path[0]} of {SETTINGS_FILE.name}"
        return f"{'.'.join(path[:-1])}.{unknown_name(path[-1], _NAMES[path[0]], where)}"
    said = re.sub(r"^(Value error, |\w+ should )", "", error["msg"]).partition(", unable to")[0]
    wanted = said.removesuffix(" or an instance of WorkerKind")
    for python, of_json in _WORDS_OF_JSON.items():
        wanted = wanted.replace(python, of_json)
    return f"{'.'.join(path)}: {json.dumps(error['input'], default=str)} is invalid: it should {wanted}."
