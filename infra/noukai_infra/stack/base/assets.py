"""The two assets for the CDK: code that is bundled during synthesis."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from noukai_infra.bundle.asset import Bundler
from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.target import AssetName
from noukai_infra.folders import folder_of
from noukai_infra.operations.deploy.former_flows import FlowNames
from noukai_infra.stack.base.aliases import UNKNOWN


class Assets:
    """The assets of the functions.

    `api` is for the functions that answer requests; `worker` also has the flows and their libraries.
    """

    def __init__(self, bundler: Bundler) -> None:
        self.api = _code(bundler, "api")
        self.worker = _code(bundler, "worker")
        self._bundler = bundler

    def kinds(self) -> list[str]:
        """Return the names of the flows' worker kinds; exit if the flows are invalid."""
        with _ending():
            return self._bundler.kinds()

    def flow_names(self) -> FlowNames:
        """Return the deployed and the former flows; exit if they are invalid."""
        with _ending():
            return FlowNames(*map(tuple, self._bundler.flow_names()))

    def fingerprints(self) -> dict[str, str]:
        """Return a fingerprint of what each flow accepts, and of its worker kind; exit if one is invalid."""
        with _ending():
            return self._bundler.fingerprints()

    def changed_flows(self, stable: Mapping[str, str]) -> list[str]:
        """Return the flows that are not as another version describes them: it could not run their jobs."""
        now = self.fingerprints()
        return [flow for flow in now if stable.get(flow) not in (now[flow], UNKNOWN)]

    def version(self) -> str:
        """Return the version of the flows; exit if they are invalid."""
        with _ending():
            return self._bundler.version()


@contextmanager
def _ending() -> Iterator[None]:
    # Exit with the message, because an exception would come back as a traceback of Node.
    try:
        yield
    except BundleError as error:
        sys.exit(str(error))


@jsii.implements(ILocalBundling)
class _LocalBundling:
    def __init__(self, bundler: Bundler, asset: AssetName) -> None:
        self._bundler = bundler
        self._asset = asset

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        with _ending():
            self._bundler.write(self._asset, Path(output_dir))
        return True


def _code(bundler: Bundler, asset: AssetName) -> lambda_.Code:
    return lambda_.Code.from_asset(
        str(folder_of("noukai_functions")),
        asset_hash_type=AssetHashType.OUTPUT,
        bundling=BundlingOptions(
            image=DockerImage.from_registry(
                "none"
            ),  # required, but unused: the local bundling always succeeds
            command=[asset],  # distinguishes the assets, which the CDK would otherwise take for the same
            local=_LocalBundling(bundler, asset),
        ),
    )
