"""The assets for the CDK: code that is bundled during synthesis."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_

from noukai_infra.bundle.asset import Bundler
from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.image import MAX_UNZIPPED_BYTES
from noukai_infra.bundle.target import AssetName
from noukai_infra.folders import folder_of
from noukai_infra.operations.deploy.former_flows import FlowNames
from noukai_infra.settings import Settings
from noukai_infra.stack.base.aliases import UNKNOWN


class Assets:
    """The assets of the functions.

    `api` is for the functions that answer requests; those of workers also have the flows and their libraries.
    That of the authorizer has none of these.
    """

    def __init__(self, bundler: Bundler) -> None:
        self.api = _code(bundler, "api")
        self._bundler = bundler
        self._zips: dict[Path | None, lambda_.Code] = {}
        self._contexts: dict[Path | None, Path] = {}

    def identity(self) -> lambda_.Code:
        """Return the code of the authorizer."""
        return _code(self._bundler, "identity")

    def worker(self, image: Path | None, settings: Settings, *, is_bundled: bool) -> lambda_.Code:
        """Return the code of a worker: a ZIP file, or a container image if it asks for one or is too large.

        An emulator runs no images. It exits if the flows or an image's folder are invalid.
        """
        if is_bundled and settings.platform != "host":
            with _ending():
                if image is not None or self._bundler.exceeds_zip():
                    return self._image(image, settings)
        if image not in self._zips:
            self._zips[image] = _code(self._bundler, "worker", image)
        return self._zips[image]

    def _image(self, image: Path | None, settings: Settings) -> lambda_.Code:
        if image not in self._contexts:
            context = self._bundler.scratch / "images" / str(len(self._contexts))
            self._bundler.write_image(image, settings.image_base, context)
            if image is None:
                sys.stderr.write(_TOO_LARGE)
            self._contexts[image] = context
        return lambda_.Code.from_asset_image(
            str(self._contexts[image]), platform=_PLATFORMS[settings.architecture]
        )

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


_PLATFORMS = {"arm64": ecr_assets.Platform.LINUX_ARM64, "x86_64": ecr_assets.Platform.LINUX_AMD64}
_TOO_LARGE = (
    f"The flows with their libraries have more than {MAX_UNZIPPED_BYTES // 2**20} MB, the most of a "
    "function's ZIP file: their workers become container images, which start more slowly. Give the flows "
    "that need the large ones a worker kind with an `image`, and the others stay small.\n"
)


@contextmanager
def _ending() -> Iterator[None]:
    # Exit with the message, because an exception would come back as a traceback of Node.
    try:
        yield
    except BundleError as error:
        sys.exit(str(error))


@jsii.implements(ILocalBundling)
class _LocalBundling:
    def __init__(self, bundler: Bundler, asset: AssetName, image: Path | None) -> None:
        self._bundler = bundler
        self._asset = asset
        self._image = image

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        with _ending():
            self._bundler.write(self._asset, Path(output_dir), self._image)
        return True


def _code(bundler: Bundler, asset: AssetName, image: Path | None = None) -> lambda_.Code:
    return lambda_.Code.from_asset(
        str(folder_of("noukai_functions")),
        asset_hash_type=AssetHashType.OUTPUT,
        bundling=BundlingOptions(
            image=DockerImage.from_registry(
                "none"
            ),  # required, but unused: the local bundling always succeeds
            command=[
                asset,
                *([] if image is None else [str(image)]),
            ],  # distinguishes the assets, which the CDK would otherwise take for the same
            local=_LocalBundling(bundler, asset, image),
        ),
    )
