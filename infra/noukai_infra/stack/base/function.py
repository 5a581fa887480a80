"""The construct of all functions."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from noukai_infra.settings import Settings, Warmth
from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.base.aliases import CANARY, LIVE
from noukai_infra.stack.base.warming import keep_warm_at_times

_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}

_KEPT = lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN)
"""A rollback needs the replaced version."""

LEAST_STORAGE = 512
"""The storage in MB that every function has."""


class JobFunction(lambda_.Function):
    """A function with its own role and log group; the role may write that log only.

    `entry` is a module of `noukai_functions.handlers`. Log lines are JSON; the platform's own are written
    from WARN on, since those of five quiet invocations cost as much as a write. Times are in seconds, memory
    and storage in MB.

    Whatever calls it calls its alias `live`: code and configuration change in one step, and can be taken back
    in one.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        entry: str,
        code: lambda_.Code,
        settings: Settings,
        memory: int,
        timeout: int,
        environment: Mapping[str, str],
        reserved_concurrency: int | None = None,
        ephemeral_storage: int = LEAST_STORAGE,
        log_group: logs.ILogGroup | None = None,
        warm: Warmth | None = None,
        snap_start: bool = False,
        layers: Sequence[str] = (),
    ) -> None:
        role = _role(scope, f"{name}Role", settings)
        log_group = log_group or _log_group(scope, f"{name}Logs", settings)
        log_group.grant_write(role)
        super().__init__(
            scope,
            name,
            architecture=_ARCHITECTURES[settings.architecture],
            **_started(code, entry, snap_start=snap_start),
            layers=_layers(scope, name, layers),
            role=role,
            log_group=log_group,
            **_observed(settings),
            memory_size=memory,
            timeout=Duration.seconds(timeout),
            ephemeral_storage_size=_storage(ephemeral_storage),
            environment={"LOG_LEVEL": settings.log_level, **metrics_environment(settings), **environment},
            reserved_concurrent_executions=reserved_concurrency,
            current_version_options=_KEPT,
        )
        self.live = self._alias(warm)

    def _alias(self, warm: Warmth | None) -> lambda_.Alias:
        count = warm.count if warm and warm.begin is None else None
        live = lambda_.Alias(
            self,
            "Live",
            alias_name=LIVE,
            version=self.current_version,
            provisioned_concurrent_executions=count,
        )
        if warm and warm.begin:
            keep_warm_at_times(live, warm)
        acknowledge(self, "L1", "the runtime must match the Python that made the byte code in the asset")
        return live

    def add_canary(self, stable: str | None) -> lambda_.Alias:
        """Return an alias of the new version; `live` stays at the stable one, if there is one."""
        if stable is not None:
            self._stay_at(stable)
        return lambda_.Alias(self, "Canary", alias_name=CANARY, version=self.current_version)

    def _stay_at(self, version: str) -> None:
        alias = self.live.node.default_child
        assert isinstance(alias, lambda_.CfnAlias)  # noqa: S101 - an alias of the CDK has one
        alias.function_version = version

    def describe(self, text: str) -> None:
        """Set the description, which becomes part of each version."""
        resource = self.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 - a function of the CDK has one
        resource.description = text


def handler_of(entry: str) -> str:
    """Return Lambda's name of a handler."""
    return f"noukai_functions.handlers.{entry}.handler"


def _started(code: lambda_.Code, entry: str, *, snap_start: bool) -> dict[str, Any]:
    """Return the code, and how Lambda starts it: an image says that itself."""
    if isinstance(code, lambda_.AssetImageCode):
        return {"code": code, "runtime": lambda_.Runtime.FROM_IMAGE, "handler": lambda_.Handler.FROM_IMAGE}
    started = {"code": code, "runtime": runtime(), "handler": handler_of(entry)}
    return {**started, "snap_start": lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS} if snap_start else started


def _observed(settings: Settings) -> dict[str, Any]:
    return {
        "logging_format": lambda_.LoggingFormat.JSON,
        "system_log_level_v2": lambda_.SystemLogLevel.WARN,
        "application_log_level_v2": lambda_.ApplicationLogLevel[settings.log_level],
        "tracing": lambda_.Tracing.ACTIVE if settings.xray else None,
    }


def _layers(scope: Construct, name: str, arns: Sequence[str]) -> list[lambda_.ILayerVersion] | None:
    found = lambda_.LayerVersion.from_layer_version_arn
    return [found(scope, f"{name}Layer{number}", arn) for number, arn in enumerate(arns)] or None


def _role(scope: Construct, name: str, settings: Settings) -> iam.Role:
    role = iam.Role(scope, name, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    if settings.xray:
        acknowledge(role, "IAM5[Resource::*]", "the actions of X-Ray apply to no resources")
    return role


def _log_group(scope: Construct, name: str, settings: Settings) -> logs.LogGroup:
    retention = logs.RetentionDays[settings.log_retention]
    return logs.LogGroup(scope, name, retention=retention, removal_policy=RemovalPolicy.DESTROY)


def _storage(megabytes: int) -> Size | None:
    return None if megabytes == LEAST_STORAGE else Size.mebibytes(megabytes)


def metrics_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of functions that write metrics; empty if none does."""
    return {"METRICS_NAMESPACE": settings.stack} if settings.has_metrics else {}


def runtime() -> lambda_.Runtime:
    """Return Lambda's runtime for this interpreter's minor version, since the byte code must match."""
    return lambda_.Runtime(
        f"python{sys.version_info.major}.{sys.version_info.minor}",
        lambda_.RuntimeFamily.PYTHON,
        supports_snap_start=True,  # `quotas.py` refuses it for a Python that is too old
    )
