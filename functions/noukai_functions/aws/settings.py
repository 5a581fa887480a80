"""The endpoint, credentials and certificates of a service, read from the environment as botocore does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noukai_functions.aws.container_credentials import ContainerCredentials

AUTHORITIES = Path(__file__).resolve().parent.parent.parent / "authorities.pem"
"""Amazon's certificate authorities, in an asset. Reading all 120 public ones would take 30 ms of CPU."""

_PUBLIC_REGION = re.compile(r"(?!cn-)[a-z]{2}-[a-z]+-\d+")
"""Regions of China and the sovereign and isolated clouds have other names, and may use other authorities."""

_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}
"""The domains of the other partitions, by the prefix of their regions' names."""

_TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "sqs": "AmazonSQS",
    "ssm": "AmazonSSM",
    "secretsmanager": "secretsmanager",
    "events": "AWSEvents",
    "cloudwatch": "GraniteServiceVersion20100801",
}
"""The services that are called directly, with the prefixes of their `X-Amz-Target` headers."""

_HOSTS = {"cloudwatch": "monitoring"}
"""The names of services in hosts and signatures, where they differ."""

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_IN_A_CONTAINER = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
"""The variable of a function with SnapStart, which has no keys in variables: they would expire."""
_BOTOCORES = (
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "HTTPS_PROXY",
    "https_proxy",
)
"""Settings that only botocore supports. Lambda sets none of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a direct client."""

    service: str
    target: str
    region: str
    url: str
    authorities: str
    key_id: str
    secret: str
    token: str | None
    container: "ContainerCredentials | None" = None
    """The reader of the credentials, if the environment has none."""


def settings_of(service: str, environment: Mapping[str, str]) -> Settings | None:
    """Read the settings of a service; None if it must be called through botocore."""
    region = environment.get("AWS_DEFAULT_REGION")
    has_keys = all(environment.get(name) for name in _KEYS)
    has_credentials = has_keys or bool(environment.get(_IN_A_CONTAINER))
    is_unusual = any(environment.get(name) for name in _BOTOCORES)
    if service not in _TARGETS or not region or not has_credentials or is_unusual:
        return None
    key_id, secret = (environment[name] for name in _KEYS) if has_keys else ("", "")
    stated_url = environment.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environment.get("AWS_ENDPOINT_URL")
    name = _HOSTS.get(service, service)
    return Settings(
        service=name,
        target=_TARGETS[service],
        region=region,
        url=stated_url or f"https://{name}.{region}.{suffix_of(region)}",
        authorities=trusted(region, stated=environment.get("AWS_CA_BUNDLE")) or _everybody(),
        key_id=key_id,
        secret=secret,
        token=environment.get("AWS_SESSION_TOKEN"),
        container=None if has_keys else _container(environment),
    )


def _container(environment: Mapping[str, str]) -> "ContainerCredentials | None":
    from noukai_functions.aws.container_credentials import container_credentials  # noqa: PLC0415 - few need it

    return container_credentials(environment)


def trusted(region: str | None, *, stated: str | None) -> str | None:
    """Return the certificate file: the configured one, Amazon's, or None for botocore's default."""
    if stated is None and _PUBLIC_REGION.fullmatch(region or "") and AUTHORITIES.is_file():
        return str(AUTHORITIES)
    return stated


def suffix_of(region: str) -> str:
    """Return the domain of AWS in a region's partition."""
    return next((suffix for start, suffix in _SUFFIXES.items() if region.startswith(start)), "amazonaws.com")


def _everybody() -> str:
    """Return the path of botocore's certificate file without importing botocore."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise LookupError("no certificate authorities were found: set AWS_CA_BUNDLE to a file with them")
    return str(Path(spec.origin).parent / "cacert.pem")
