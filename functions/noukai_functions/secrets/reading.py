"""The reads of secrets from AWS, by a worker."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_wire.secret_sources import Source, UnreadableError, Values, read_sources

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

    from noukai_functions.aws import SecretsManager


def read_from_aws(
    sources: Mapping[str, Source],
    ssm: "Callable[[], SSMClient]",
    manager: "Callable[[], SecretsManager]",
) -> Values:
    """Read all secrets; each client is made only if a source needs it.

    Raises:
        AwsError: AWS did not answer, or is overloaded: a later read may succeed.
    """

    def get_parameters(names: list[str]) -> Mapping[str, Any]:
        return _read(lambda: ssm().get_parameters(Names=names, WithDecryption=True))

    def get_secret(name: str) -> Mapping[str, Any]:
        return _read(lambda: manager().get_secret_value(SecretId=name))

    return read_sources(sources, get_parameters, get_secret)


def _read(call: "Callable[[], Mapping[str, Any]]") -> Mapping[str, Any]:
    try:
        return call()
    except AwsError as error:
        if error.is_transient or not error.code:
            raise
        raise UnreadableError(error.code) from error
