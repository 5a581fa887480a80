"""The locks of the assets, which lie beside the bundler, and the lock of the repository."""

import re
import tomllib
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from noukai_infra.folders import PACKAGE
from noukai_infra.local.emulator import patching
from noukai_infra.settings import ROOT

LOCKED = PACKAGE / "bundle" / "locked"
GROUPS = ("aws", "engine", "functions", "identity", "image", "runtime", "worker", "zones")
DECLARED: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def entries(file: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the version and the hashes of each distribution of a lock, for whatever machine."""
    whole = re.sub(r"(?m)^ *#.*\n", "", file.read_text()).replace("\\\n", "")
    lines = [line.split() for line in whole.splitlines()]
    found = {
        tuple(line[0].split("==")): frozenset(part for part in line if part.startswith("--hash"))
        for line in lines
    }
    return {name: (of, hashes) for (name, of), hashes in found.items()}


def needed(requirement: str) -> set[str]:
    """Return a distribution and what it needs on this machine."""
    parsed = Requirement(requirement)
    extras = {"", *parsed.extras}
    further = [Requirement(each) for each in requires(parsed.name) or ()]
    asked = [each for each in further if is_asked(each, extras)]
    return {canonicalize_name(parsed.name)}.union(*(needed(str(each)) for each in asked))


def is_asked(requirement: Requirement, extras: set[str]) -> bool:
    """Return whether a distribution with these extras needs it on this machine."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def test_locked_groups_are_the_bundlers() -> None:
    assert sorted(path.stem for path in LOCKED.iterdir()) == sorted(GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_locked_group_is_part_of_the_lock(group: str) -> None:
    """It has all that the group declares and needs, in the versions and with the hashes of the whole lock."""
    locked, whole = entries(LOCKED / f"{group}.txt"), entries(ROOT / "requirements.lock")
    assert locked == {name: whole[name] for name in locked}
    assert set(locked) == set().union(*map(needed, DECLARED["dependency-groups"][group]))


def test_extra_takes_the_emulator_that_is_patched() -> None:
    """The distribution is installed without the lock file."""
    assert f"ministack=={patching.MADE_FOR}" in DECLARED["project"]["optional-dependencies"]["deploy"]
    assert version("ministack") == patching.MADE_FOR
