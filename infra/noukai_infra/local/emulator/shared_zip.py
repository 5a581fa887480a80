"""The code of functions, unpacked once for all workers."""

import hashlib
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any


class SharedZip(zipfile.ZipFile):
    """A zip file that is unpacked once and shared; nobody may write to the files."""

    # Not named `_lock`, which each zip file has for itself.
    _unpacking = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Link the empty folder `path` to the unpacked files."""
        content = repr([(info.filename, info.CRC) for info in self.infolist()])
        shared = Path(tempfile.gettempdir(), f"code-{hashlib.sha256(content.encode()).hexdigest()}")
        with self._unpacking:
            if not shared.exists():
                super().extractall(shared, members, pwd)
        folder = Path(path)
        folder.rmdir()
        folder.symlink_to(shared, target_is_directory=True)
