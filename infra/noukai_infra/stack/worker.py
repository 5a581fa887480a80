"""The workers, which run the flows."""

from collections.abc import Sequence
from functools import partial

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from noukai_functions.names import DEFAULT_KIND
from noukai_infra.settings import ERROR_TEXTS, Settings, SettingsError, WorkerKind
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.network import place
from noukai_infra.stack.base.reader import read_queue
from noukai_infra.stack.base.rights.secret_rights import let_read_secrets, secrets_environment
from noukai_infra.stack.storage.payloads import BUCKET_VARIABLE, Payloads
from noukai_infra.stack.storage.tables import Tables
from noukai_wire.limits import LEAST_SECRET

_OWN = (
    BUCKET_VARIABLE,
    "WORKER_KIND",
    "WORKER_KIND_MEMORY",
    "LOG_LEVEL",
    "METRICS_NAMESPACE",
    "COPY_LOGS",
    "SECRET_ENVIRONMENT",
    "SECRETS",
)
"""The variables that some workers read besides those of all; `log_level` sets the last one."""


_UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
"""C code and Python's child processes write at once: what waits in a C library is lost when the flow dies, or
written during another org's job, since the process is kept."""


class Worker(Construct):
    """The function that claims a queue's jobs and runs their flows, for a worker kind.

    It runs every job sent to its queues: a worker has all flows, including those that now ask for another
    worker kind. `kind_name` is the worker kind's name; None
    for the default.

    The deployment's `environment` and `policies` reach this function and no other.

    Raises:
        SettingsError: `environment` sets a variable that the worker needs itself, or an invalid value.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        kind_name: str | None,
        kind: WorkerKind,
        code: lambda_.Code,
        tables: Tables,
        queues: Sequence[sqs.IQueue],
        payloads: Payloads,
        canary: sqs.IQueue | None = None,
    ) -> None:
        super().__init__(scope, name)
        function = JobFunction(
            self,
            "Function",
            entry="worker",
            code=code,
            settings=settings,
            memory=kind.memory,
            timeout=kind.timeout,
            ephemeral_storage=kind.ephemeral_storage,
            warm=kind.warm,
            snap_start=kind.snap_start,
            layers=kind.layers,
            environment=_environment(settings, kind_name, kind, tables, queues),
        )
        payloads.let(function, "s3:GetObject", "s3:PutObject")
        place(function, kind.network, settings)
        _allow_flows(function, settings)
        read = _reading(function, kind, tables)
        for number, queue in enumerate(queues, start=1):
            read(queue, name="Deliveries" if number == 1 else f"Deliveries{number}")
        if canary is not None:
            read(canary, alias=function.add_canary(settings.stable.get(kind_name or DEFAULT_KIND)))


def _reading(function: JobFunction, kind: WorkerKind, tables: Tables) -> partial[None]:
    return partial(
        read_queue,
        function,
        tables=tables,
        batch_size=kind.batch_size,
        batch_window=kind.batch_window,
        max_concurrency=kind.max_concurrency,
        pollers=kind.provisioned_pollers,
    )


def _allow_flows(function: lambda_.Function, settings: Settings) -> None:
    """Allow what the settings allow to flows."""
    let_read_secrets(function, settings)
    for policy in settings.policies:
        function.add_to_role_policy(iam.PolicyStatement.from_json(policy))


def _environment(
    settings: Settings,
    kind_name: str | None,
    kind: WorkerKind,
    tables: Tables,
    queues: Sequence[sqs.IQueue],
) -> dict[str, str]:
    own = {
        "JOBS_TABLE": tables.jobs.table_name,
        "QUEUE_URL": queues[0].queue_url,
        "LEASE_SECONDS": str(kind.lease_seconds),
        "GRACE_SECONDS": str(kind.grace_seconds),
        "IMPORT_SECONDS": str(kind.import_seconds),
    }
    if further := " ".join(each.queue_url for each in queues[1:]):
        own["FURTHER_QUEUE_URLS"] = further
    if kind_name is not None:
        own["WORKER_KIND"] = kind_name
    if kind.memory != settings.worker.memory:
        own["WORKER_KIND_MEMORY"] = str(kind.memory)
    if settings.copy_logs:
        own["COPY_LOGS"] = "true"
    if settings.secret_environment:
        own["SECRET_ENVIRONMENT"] = ",".join(settings.secret_environment)
    _check_secrets(settings)
    own |= secrets_environment(settings)
    for where, names in (("environment", settings.environment), ("secrets", settings.secrets)):
        if taken := sorted({*own, *_OWN} & names.keys()):
            raise SettingsError(f"{where}: must not set {', '.join(taken)}, which the worker needs itself")
    if (shown := settings.environment.get(ERROR_TEXTS, "false")) not in ("true", "false"):
        raise SettingsError(
            f'environment.{ERROR_TEXTS}: "{shown}" is invalid: it should be "true" or "false".'
        )
    return {**_UNBUFFERED, **settings.environment, **own}


def _check_secrets(settings: Settings) -> None:
    """Refuse a secret variable that is not set, or whose value is too short to be masked."""
    for name in settings.secret_environment:
        value = settings.environment.get(name)
        if value is None:
            raise SettingsError(
                f"secret_environment: {name} is not in environment: name variables that are there."
            )
        if len(value) < LEAST_SECRET:
            raise SettingsError(
                f"secret_environment: the value of {name} has {len(value)} characters: masking fewer than "
                f"{LEAST_SECRET} would hide ordinary words of a log, and so tell it. Give it a longer value."
            )


def visibility_seconds(kind: WorkerKind) -> int:
    """Return the visibility timeout of the worker's queue, at least the function's timeout."""
    return kind.timeout
