"""The target platform of an asset."""

import sys
from typing import Literal

Platform = Literal["manylinux", "manylinux-x86_64", "host"]
"""Lambda on arm64, Lambda on x86_64, or this machine."""

AssetName = Literal["api", "worker", "identity"]

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Byte code must be made by the same minor version of Python that loads it."""

_AMAZON_LINUX_2023 = (3, 12)


def wheel_options(platform: Platform) -> list[str]:
    """Choose the options of `uv pip install` that select wheels for the platform."""
    if platform == "host":
        return ["--python", sys.executable]
    # Before Python 3.12, Lambda's runtimes have Amazon Linux 2 with glibc 2.26; later ones have glibc 2.34.
    glibc = "manylinux_2_28" if sys.version_info >= _AMAZON_LINUX_2023 else "manylinux2014"
    processor = "x86_64" if platform == "manylinux-x86_64" else "aarch64"
    return ["--python-platform", f"{processor}-{glibc}", "--python-version", PYTHON_VERSION]
