"""The dataclass of all settings."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from noukai_infra.cdk_json import own_settings
from noukai_infra.folders import NOUKAI_TOML, REPOSITORY, SETTINGS_FILE
from noukai_infra.settings.addresses.cors import Cors
from noukai_infra.settings.addresses.domain import CERTIFICATE, Domain
from noukai_infra.settings.addresses.edge import Edge
from noukai_infra.settings.checks import (
    A_NUMBER,
    STRICT,
    FlowName,
    KeptQueues,
    KindName,
    SettingsError,
    folder,
    pairs,
    split,
    statement,
    variable,
)
from noukai_infra.settings.company import Company
from noukai_infra.settings.complaints import complaints
from noukai_infra.settings.conflicts import conflicts
from noukai_infra.settings.identity import Identity
from noukai_infra.settings.scale import Scale
from noukai_infra.settings.secrets import KmsKey, Secrets
from noukai_infra.settings.worker_kind import WorkerKind
from noukai_infra.settings.workers.network import FoundNetworks, parsed
from noukai_infra.settings.workers.warmth import Warm

ERROR_TEXTS = "LOG_ERROR_TEXTS"
"""The worker's variable that allows (`true`) or forbids (`false`) exception messages of flows in its log."""

DEFAULT_STACK = "noukai"

LogRetention = Literal[
    "ONE_DAY", "ONE_WEEK", "TWO_WEEKS", "ONE_MONTH", "THREE_MONTHS", "SIX_MONTHS", "ONE_YEAR"
]

_WHERE = SETTINGS_FILE.name if SETTINGS_FILE.name == NOUKAI_TOML else f"the context of {SETTINGS_FILE.name}"
"""The place of the settings, for messages."""

_USD_PER_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
"""The price of the first tier in us-east-1: https://aws.amazon.com/lambda/pricing/."""


@dataclass(frozen=True, config=STRICT)
class Settings:
    """The settings of an operator, named as in the context.

    `flows` is the flows folder, relative to the repository. `account` and `region` are the stack's place:
    credentials for another place deploy nothing. `platform` is what the assets are built for: `manylinux` (to
    deploy) or `host` (an emulator on this machine). `architecture` is that of all functions: x86_64 costs a
    quarter more, and is for flows whose libraries have no wheels for arm64. `tables` decides about the tables
    when the stack is destroyed: `retain` keeps jobs, keys and usage, `destroy` deletes them with the stack.
    `worker` is the default worker kind; `workers` has those that flows ask for by name, with the values of
    `worker` for what they leave out. `environment` and `policies` (IAM statements) reach only the workers.
    `image_base` is the container image that those of worker kinds begin with, with a tag or a digest.
    `secret_environment` names variables of `environment` whose values are masked in jobs' logs and errors.
    `secrets` maps variables to the parameters and secrets of AWS that workers read them from; `secrets_keys`
    are the KMS keys that encrypt those, if not AWS's own.
    `copy_logs` copies jobs' logs to CloudWatch. `draining` names worker kinds that no flow asks for any more,
    but whose workers continue. `former` are flows (`project/flow`) that were deployed
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
    machine, and `console_from_localhost` lets the console's page be there: the local system sets both.
    `api_canary` shifts a tenth of the API's requests to a new version for five minutes before all.
    `api_snap_start` restores those of a submission and its result from snapshots that Lambda takes.
    `canary` is the share of new jobs in per cent that a new version of the workers gets until it is promoted;
    `stable` are the versions that run the others, by worker kind, and `stable_flows` their flows with a
    fingerprint of what they accept: `make deploy` finds out both.
    `warm` keeps functions of the API ready, by name; `api` stands for those of a submission and its result.
    `company` has the rules of a company for all that is made. `protect` protects the stack from deletion.
    `domain` is the API's own name, `edge` CloudFront and WAF before it, `cors` are the web pages that may
    call it. `identity` is the provider whose tokens the API takes beside keys.
    `make deploy` finds out `domain_certificate`, `origin_digests` and `found_networks` itself.
    `dashboard` makes one of CloudWatch. `xray` samples the invocations of all functions.
    """

    stack: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$")] = DEFAULT_STACK
    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)+-[0-9]{1,2}$")] | None = None
    flows: Annotated[Path, BeforeValidator(folder)] = Path("functions/flows")
    platform: Literal["manylinux", "host"] = "manylinux"
    architecture: Literal["arm64", "x86_64"] = "arm64"
    tables: Literal["retain", "destroy"] = "retain"
    memory: Annotated[int, A_NUMBER, Field(ge=128, le=10_240)] = 256
    wait_memory: Annotated[int, A_NUMBER, Field(ge=128, le=10_240)] = 128
    wait_reserved_concurrency: Annotated[int, A_NUMBER, Field(ge=1, le=1_000_000)] | None = None
    execute_reserved_concurrency: Annotated[int, A_NUMBER, Field(ge=1, le=1_000_000)] | None = None
    throttle_rate: Annotated[int, A_NUMBER, Field(ge=1, le=1_000_000)] = 500
    throttle_burst: Annotated[int, A_NUMBER, Field(ge=1, le=1_000_000)] = 1000
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"] = "INFO"
    log_retention: LogRetention = "ONE_MONTH"
    audit_retention: LogRetention = "ONE_YEAR"
    audit_submissions: bool = False
    price_job: Annotated[float, A_NUMBER, Field(ge=0, allow_inf_nan=False)] = 0.0000079
    price_gb_second: Annotated[float, A_NUMBER, Field(ge=0, allow_inf_nan=False)] | None = None
    metrics: Literal["none", "kind", "flow"] = "kind"
    alarms: bool = True
    event_bus: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,256}$")] | None = None
    webhooks_to_localhost: bool = False
    console_from_localhost: bool = False
    dashboard: bool = False
    console: bool = True
    xray: bool = False
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    alarm_topic: Annotated[str, Field(pattern=r"^arn:aws[\w-]*:sns:[\w-]+:[0-9]{12}:[\w.-]+$")] | None = None
    oldest_message_hours: Annotated[int, A_NUMBER, Field(ge=1, le=240)] = 6
    failed_flows: dict[FlowName, Annotated[float, A_NUMBER, Field(gt=0, lt=1)]] = dataclasses.field(
        default_factory=dict
    )
    api_canary: bool = False
    api_snap_start: bool = False
    canary: Annotated[int, A_NUMBER, Field(ge=1, le=50)] | None = None
    stable: Annotated[dict[str, str], BeforeValidator(pairs)] = dataclasses.field(default_factory=dict)
    stable_flows: Annotated[dict[str, str], BeforeValidator(pairs)] = dataclasses.field(default_factory=dict)
    warm: dict[str, Warm] = dataclasses.field(default_factory=dict)
    company: Company = dataclasses.field(default_factory=Company)
    protect: bool = False
    domain: Domain | None = None
    domain_certificate: Annotated[str, Field(pattern=CERTIFICATE)] | None = None
    edge: Edge | None = None
    origin_digests: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...], BeforeValidator(split)
    ] = ()
    cors: Cors | None = None
    identity: Identity | None = None
    worker: WorkerKind = dataclasses.field(default_factory=WorkerKind)
    workers: dict[KindName, WorkerKind] = dataclasses.field(default_factory=dict)
    found_networks: Annotated[FoundNetworks, BeforeValidator(parsed)] = dataclasses.field(
        default_factory=FoundNetworks
    )
    scale: Scale = dataclasses.field(default_factory=Scale)
    image_base: Annotated[str, Field(pattern=r"^[a-z0-9][\w./:-]*[:@][\w.:-]+$")] | None = None
    environment: dict[Annotated[str, AfterValidator(variable)], str] = dataclasses.field(default_factory=dict)
    secret_environment: Annotated[tuple[str, ...], BeforeValidator(split)] = ()
    secrets: Secrets = dataclasses.field(default_factory=dict)
    secrets_keys: Annotated[tuple[KmsKey, ...], BeforeValidator(split)] = ()
    copy_logs: bool = False
    policies: tuple[Annotated[dict[str, Any], AfterValidator(statement)], ...] = ()
    draining: Annotated[tuple[str, ...], BeforeValidator(split)] = ()
    schedule_org: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$")] | None = None
    kept_queues: Annotated[tuple[KeptQueues, ...], BeforeValidator(split)] = ()
    former: Annotated[tuple[FlowName, ...], BeforeValidator(split)] = ()

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> "Settings":
        """Return our settings from a context, or their defaults.

        Raises:
            SettingsError: a setting is unknown, has an invalid value, or does not fit another.
        """
        try:
            given = own_settings(context, [field.name for field in dataclasses.fields(cls)], _WHERE)
            present = {name: value for name, value in given.items() if value is not None}
            made = TypeAdapter(cls).validate_python(present)
            # Values are inherited once each table is valid, so that an error is reported where it is.
            made = TypeAdapter(cls).validate_python(_inherited(present)) if made.workers else made
        except ValidationError as error:
            raise SettingsError("\n".join(complaints(error, cls))) from error
        except ValueError as error:
            raise SettingsError(str(error)) from error
        if said := conflicts(made):
            raise SettingsError("\n".join(said))
        return made

    @property
    def has_metrics(self) -> bool:
        """Return whether functions write metrics."""
        return self.metrics != "none"

    @property
    def usd_per_gb_second(self) -> float:
        """Return the price of compute for estimates, by default AWS's own for the architecture."""
        return _USD_PER_GB_SECOND[self.architecture] if self.price_gb_second is None else self.price_gb_second

    @property
    def least_queues(self) -> dict[str, int]:
        """Return how many queues each worker kind has at least, by its name."""
        kept = [each.rpartition(":") for each in self.kept_queues]
        return {kind: int(count) for kind, _, count in kept}

    @property
    def flows_folder(self) -> Path:
        """Return the absolute path of the flows folder."""
        return REPOSITORY / self.flows


def _inherited(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which each named worker kind has the default worker's values that it leaves out.

    Warmth and SnapStart are not inherited: they cost money in each worker kind that has them.
    """
    not_inherited = ("warm", "snap_start")
    default = {name: value for name, value in given.get("worker", {}).items() if name not in not_inherited}
    return {**given, "workers": {name: {**default, **own} for name, own in given["workers"].items()}}
