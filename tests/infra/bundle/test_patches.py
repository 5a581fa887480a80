"""Patches of a vendor's files: each names the vendor's version, and fails if it matches nothing."""

import re
import shutil
from importlib.metadata import version
from pathlib import Path
from sysconfig import get_path
from types import ModuleType

import pytest

from noukai_functions.build.validators import bounded_code
from noukai_functions.build.validators.bounded_code import bounded, checking_once
from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.pruning import MADE_FOR, prune_own
from noukai_infra.local.emulator import patching
from noukai_infra.local.emulator.patching import PatchError, patch

DISTRIBUTIONS = {"aws_lambda_powertools": "aws-lambda-powertools", "dateutil": "python-dateutil"}


def test_patches_are_made_for_the_installed_versions() -> None:
    """Upgrading a library requires a look at its patches."""
    wanted = {DISTRIBUTIONS.get(library, library): made_for for library, made_for in MADE_FOR.items()}
    wanted |= {"ministack": patching.MADE_FOR, "fastjsonschema": bounded_code.MADE_FOR}
    assert {name: version(name) for name in wanted} == wanted


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder with the files of urllib3."""
    shutil.copytree(Path(get_path("purelib")) / "urllib3", tmp_path / "urllib3")
    return tmp_path


def test_pruning_leaves_libraries_alone_that_are_not_installed(installed: Path) -> None:
    """Each asset has libraries of its own."""
    prune_own(installed)
    assert [path.name for path in installed.iterdir()] == ["urllib3"]
    assert "_Later(" in (installed / "urllib3" / "util" / "url.py").read_text()


@pytest.mark.parametrize("name", ["contrib/emscripten", "http2/__init__.py", "util/url.py"])
def test_pruning_names_a_file_that_is_gone(installed: Path, name: str) -> None:
    """Rather than leaving in the asset what the new version has put elsewhere."""
    path = installed / "urllib3" / name
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(
        BundleError, match=rf"urllib3/{name}: .* for version {re.escape(MADE_FOR['urllib3'])}"
    ):
        prune_own(installed)


@pytest.mark.parametrize("gone", ["re.compile(", "import re\n"])
def test_pruning_names_a_file_that_is_written_otherwise(installed: Path, gone: str) -> None:
    """A replacement that matches nothing would do nothing."""
    path = installed / "urllib3" / "util" / "url.py"
    path.write_text(path.read_text().replace(gone, "import regex\n" if "import" in gone else "compiled("))
    with pytest.raises(BundleError, match=r"urllib3/util/url\.py: the installed urllib3 does not compile"):
        prune_own(installed)


def test_patch_replaces_what_is_there() -> None:
    """It is handed what it replaces."""
    module = ModuleType("emulator")
    module.__dict__["poll"] = 1
    patch(module, "poll", lambda before: before + 1)
    assert module.poll == 2


def test_patch_of_nothing_is_refused() -> None:
    """To set an attribute that nobody reads would change nothing."""
    with pytest.raises(PatchError, match=r"emulator\.poll: .* for version"):
        patch(ModuleType("emulator"), "poll", lambda _: 1)


@pytest.mark.parametrize(
    "code", ["errors = list()\n", "    errors = []\n    raise Error(rule='propertyNames')\n"]
)
def test_validator_that_would_find_all_errors_is_refused(code: str) -> None:
    """A hostile input would have as many as it likes."""
    with pytest.raises(RuntimeError, match="fastjsonschema's code has no"):
        bounded(code)


def test_validator_that_would_check_again_for_each_variant_is_refused() -> None:
    """It could take exponentially long."""
    with pytest.raises(RuntimeError, match="fastjsonschema's code has no"):
        checking_once("def check_it(data): ...")
