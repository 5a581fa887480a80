"""The packing of time zones into one file: 600 small files take four times as much of an asset."""

import shutil
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

PACKED = "zoneinfo.zip"
"""Its name in the package `tzdata`, where `noukai_functions.schedules.zones` reads it."""


def pack_time_zones(folder: Path) -> None:
    """Replace the zones of an installed `tzdata` by one archive, if it is installed there.

    The archive is not compressed: an asset is, and then finds what zones have in common.
    """
    package = folder / "tzdata"
    if not package.is_dir():
        return
    zones = package / "zoneinfo"
    names = (package / "zones").read_text().split()
    with ZipFile(package / PACKED, "w", ZIP_STORED) as archive:
        # Sorted by content, since many zones are another's alias.
        for name in sorted(names, key=lambda name: ((zones / name).read_bytes(), name)):
            archive.writestr(ZipInfo(name), (zones / name).read_bytes())
    shutil.rmtree(zones)
