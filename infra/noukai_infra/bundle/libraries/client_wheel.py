"""The wheel of our client, for flows that require `noukai`."""

import hashlib
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from noukai_infra.bundle.cache import cached
from noukai_infra.bundle.libraries.wheel import Wheel
from noukai_infra.folders import folder_of

CLIENT = "noukai"
_PACKAGES = (CLIENT, "noukai_wire")
_METADATA = ("METADATA", "entry_points.txt")
_WHEEL = "Wheel-Version: 1.0\nGenerator: noukai\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel_of_client(cache: Path) -> Wheel:
    """Return the wheel of the client, made once per state of its modules.

    A flow process gets only the client, because the distribution also contains the functions and the
    infrastructure.
    """
    found = distribution(CLIENT)
    files = dict(_files(found))
    name = f"{CLIENT}-{found.version}-py3-none-any.whl"
    parts = [part for path, content in files.items() for part in (path, content.decode())]
    return Wheel(cached(cache / "wheels", parts, lambda folder: _write(folder / name, files)) / name)


def _files(found: Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of each file, with the record last."""
    record = ""
    info = f"{CLIENT}-{found.version}.dist-info"
    for path, content in _content(found, info):
        digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
        yield path, content
    yield f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode()


def _content(found: Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    for package in _PACKAGES:
        folder = folder_of(package)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".typed"):
                yield f"{package}/{path.relative_to(folder).as_posix()}", path.read_bytes()
    for name in _METADATA:
        yield f"{info}/{name}", (found.read_text(name) or "").encode()
    yield f"{info}/WHEEL", _WHEEL.encode()


def _write(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # A fixed date makes the wheel reproducible.
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)
