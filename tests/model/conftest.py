from pathlib import Path

import pytest

from tests.model.explorer import Explorer


@pytest.fixture
def explorer(tmp_path: Path) -> Explorer:
    return Explorer.at(tmp_path / "asset")
