"""The checks of the settings, and of the account and region that they are deployed to."""

import os
from dataclasses import dataclass
from typing import Generic, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    HTTPClientError,
    SSOError,
)

from noukai_infra.command_line import command
from noukai_infra.folders import REPOSITORY, SETTINGS_FILE
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.checks.stage import check_stage
from noukai_infra.repository.doctor.finding import NotCheckedError
from noukai_infra.settings import STAGE, Settings, SettingsError, file_context
from noukai_infra.settings.company import DEFAULT_QUALIFIER
from noukai_infra.suggestions import unknown_name

T = TypeVar("T")

LEAST_BOOTSTRAP = 6
"""The bootstrap version that the CDK's default synthesizer requires:
https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html."""

_BOUNDED = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})

_REFUSED = {
    "ExpiredToken": "have expired: `aws sso login`, or get new ones",
    "ExpiredTokenException": "have expired: `aws sso login`, or get new ones",
    "RequestExpired": "are refused because of the clock: set it",
    "InvalidClientTokenId": "are unknown to AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID, to others",
    "UnrecognizedClientException": "are unknown to AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID, to others",
    "SignatureDoesNotMatch": "have a wrong AWS_SECRET_ACCESS_KEY, or the clock is wrong: set it again",
}
"""https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"""


@dataclass
class Kept(Generic[T]):
    """The value that a check has found, for the checks after it; None if it has failed."""

    value: T | None = None


def settings(kept: Kept[Settings]) -> str:
    """Return which settings there are; raise if they cannot be used."""
    found = Settings.from_context(file_context())
    if not found.flows_folder.is_dir():
        raise SettingsError(f"flows: there is no folder {found.flows_folder}: make it, or set `flows`.")
    for kind in (found.worker, *found.workers.values()):
        if kind.image is not None and not (REPOSITORY / kind.image).is_dir():
            raise SettingsError(
                f"image: there is no folder {REPOSITORY / kind.image}: make it, with a requirements.txt or a "
                "Dockerfile, or correct `image`."
            )
    check_stage(os.environ.get(STAGE), found)
    kept.value = found
    return f"{SETTINGS_FILE}: the stack {found.stack} with the flows of {found.flows_folder}"


def has_images(settings: Settings) -> bool:
    """Return whether a worker kind runs in a container image."""
    return any(kind.image is not None for kind in (settings.worker, *settings.workers.values()))


def account(settings: Settings, kept: Kept[Account]) -> str:
    """Return the account and region; raise if they cannot be used, or are others than the settings'."""
    try:
        _check_region(boto3.Session().region_name or settings.region)
        found = Account.configured(os.environ, settings.region, _BOUNDED)
    except (ConnectionError, HTTPClientError) as error:
        raise OperatorError(
            f"AWS does not answer ({error}): check the network, and set HTTPS_PROXY behind a proxy, or "
            "AWS_CA_BUNDLE to the certificates of its authority"
        ) from error
    except SSOError as error:
        raise OperatorError(f"the sign-on has ended ({error}): `aws sso login`") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        said = _REFUSED.get(code, f"are refused ({error}): set AWS_PROFILE to others")
        raise OperatorError(f"the credentials {said}") from error
    except BotoCoreError as error:
        raise OperatorError(f"{error}: correct the AWS configuration, or set AWS_PROFILE") from error
    except OperatorError as error:
        if "configured" in str(error):
            # Nothing but a deploy needs credentials.
            raise NotCheckedError(str(error)) from error
        raise
    found.check_place(settings.account, settings.region)
    kept.value = found
    return f"the account {found.number}, region {found.region}"


def bootstrap(account: Account, qualifier: str) -> str:
    """Return the version of the CDK's bootstrap; raise if there is none, or if it is too old."""
    version = account.bootstrap_version(qualifier)
    own = "" if qualifier == DEFAULT_QUALIFIER else f" with the qualifier {qualifier}"
    if version is None and not own:
        raise NotCheckedError(f"there is none yet: `{command('deploy')}` makes it")
    if version is None:
        raise OperatorError(
            f"there is none{own}: correct company.qualifier, or ask those who bootstrap your accounts"
        )
    if version < LEAST_BOOTSTRAP:
        raise OperatorError(
            f"version {version}{own} is too old, {LEAST_BOOTSTRAP} is needed: `cdk bootstrap "
            f"aws://{account.number}/{account.region}{f' --qualifier {qualifier}' if own else ''}`"
        )
    return f"version {version}{own}, at least {LEAST_BOOTSTRAP} is needed"


def _check_region(region: str | None) -> None:
    session = boto3.Session()
    region = os.environ.get("AWS_REGION") or region
    known = [
        each for partition in session.get_available_partitions() for each in _regions(session, partition)
    ]
    if region is not None and region not in known:
        raise OperatorError(f"the region {unknown_name(region, known, 'AWS')} Set AWS_REGION.")


def _regions(session: boto3.Session, partition: str) -> list[str]:
    return session.get_available_regions("lambda", partition_name=partition)
