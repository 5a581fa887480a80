"""The layers of a worker kind, by ARN."""

import re
import sys

_ARN = re.compile(
    r"arn:aws[\w-]*:lambda:(?P<region>[a-z0-9-]+):[0-9]{12}:layer:(?P<name>[\w-]{1,140}):[0-9]+"
)
_ARCHITECTURES = {
    "arm64": re.compile(r"arm64|aarch64", re.IGNORECASE),
    "x86_64": re.compile(r"x86[-_]?64|amd64", re.IGNORECASE),
}
_PYTHON = re.compile(r"python3[._-]?(\d{1,2})(?!\d)", re.IGNORECASE)


def layer_arn(arn: str) -> str:
    """Refuse what is not the ARN of a layer's version."""
    if not _ARN.fullmatch(arn):
        raise ValueError(
            "be the ARN of a layer with its version, such as "
            "arn:aws:lambda:eu-central-1:123456789012:layer:fonts:3"
        )
    return arn


def layer_complaints(layers: tuple[str, ...], architecture: str, region: str | None) -> list[str]:
    """Return why layers do not fit a deployment, as far as their ARNs tell.

    Publishers write the architecture and the version of Python into a layer's name.
    """
    return [said for arn in layers for said in _complaints(arn, architecture, region)]


def _complaints(arn: str, architecture: str, region: str | None) -> list[str]:
    found = _ARN.fullmatch(arn)
    if found is None:
        return []
    said = []
    if region is not None and found["region"] != region:
        said.append(f"{arn} is in {found['region']}, and the stack in {region}: use the layer of that region")
    named = [each for each, pattern in _ARCHITECTURES.items() if pattern.search(found["name"])]
    if named and architecture not in named:
        said.append(f"{arn} is for {named[0]}, and the functions are {architecture}: use the layer for that")
    minors = _PYTHON.findall(found["name"])
    if minors and str(sys.version_info.minor) not in minors:
        own = f"3.{sys.version_info.minor}"
        said.append(f"{arn} is for Python 3.{minors[0]}, and the functions run {own}: use the layer for that")
    return said
