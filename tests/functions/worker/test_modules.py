"""Imports among a folder's flows, in a separate process, since they change the import system."""

import subprocess
import sys
from pathlib import Path

import pytest

ITEM = "class Item: ...\n"
OPEN = (
    "import sys\nfrom pathlib import Path\n"
    "from noukai_functions.worker.inside.flow_loader import open_folder\n"
    "open_folder(Path(sys.argv[1]))\n"
)


def run(folder: Path, source: str) -> str:
    """Return the output of a program that has opened the folder."""
    result = subprocess.run(
        [sys.executable, "-B", "-c", OPEN + source, str(folder)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of modules, with a package among them."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "__init__.py").write_text("from library.items import Item\n")
    (tmp_path / "library" / "items.py").write_text(ITEM)
    (tmp_path / "shop.py").write_text(ITEM)
    return tmp_path


@pytest.mark.parametrize("first", ["shop", "flows.shop"])
@pytest.mark.parametrize(
    "statement", ["from shop import Item", "from .shop import Item", "from flows.shop import Item"]
)
def test_module_is_loaded_once_under_both_names(folder: Path, first: str, statement: str) -> None:
    """An item imported from a neighbour is the module's own, whichever was imported first."""
    (folder / "counter.py").write_text(f"{statement}\n")
    same = "flows.counter.Item is flows.shop.Item is shop.Item"
    assert run(folder, f"import {first}, flows.counter, flows.shop, shop\nprint({same})") == "True"
    names = run(folder, f"import {first}, shop\nprint(shop.Item.__module__, shop.__name__)")
    assert names == "flows.shop flows.shop"


@pytest.mark.parametrize("first", ["library.items", "flows.library.items", "library", "flows.library"])
def test_module_of_a_package_is_loaded_once(folder: Path, first: str) -> None:
    """However deep the package, its module exists once."""
    said = (
        f"import {first}, flows.library.items, library.items\nimport library\n"
        "print(flows.library.Item is library.Item is library.items.Item is flows.library.items.Item)"
    )
    assert run(folder, said) == "True"


@pytest.mark.parametrize("first", ["egg", "hen", "flows.egg", "flows.hen"])
def test_modules_may_import_each_other_in_a_circle(folder: Path, first: str) -> None:
    """As far as Python allows it."""
    (folder / "egg.py").write_text("import hen\nclass Egg: ...\n")
    (folder / "hen.py").write_text("import egg\ndef lay(): return egg.Egg()\n")
    said = "flows.hen, flows.egg, egg\nprint(isinstance(flows.hen.lay(), egg.Egg), egg.hen is flows.hen)"
    assert run(folder, f"import {first}, {said}") == "True True"


def test_project_named_like_a_module_of_pythons_hides_nothing(folder: Path) -> None:
    """Python's module is found by its full name."""
    (folder / "email.py").write_text("WHOSE = 'ours'\n")
    (folder / "counter.py").write_text(
        "import email.message\nfrom flows.email import WHOSE\nfrom . import email as own\n"
    )
    said = "import flows.counter as c\nprint(c.email.message.Message.__module__, c.WHOSE, c.own.WHOSE)"
    assert run(folder, said) == "email.message ours ours"


def test_project_named_like_a_package_without_a_file_hides_nothing(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An example is `google`, which contains several libraries."""
    library = tmp_path_factory.mktemp("library")
    (library / "google" / "cloud").mkdir(parents=True)
    (library / "google" / "cloud" / "storage.py").write_text("WHOSE = 'theirs'\n")
    (folder / "google.py").write_text("")
    said = (
        f"sys.path.append({str(library)!r})\nimport flows.google\n"
        "from google.cloud.storage import WHOSE\nprint(WHOSE)"
    )
    assert run(folder, said) == "theirs"


def test_project_named_like_a_folder_beside_the_flows_is_found(tmp_path: Path) -> None:
    """Other folders of an asset are no packages."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "catalog").mkdir()
    (tmp_path / "flows" / "catalog.py").write_text(ITEM)
    said = (
        f"sys.path.append({str(tmp_path)!r})\nimport flows.catalog, catalog\nprint(flows.catalog is catalog)"
    )
    assert run(tmp_path / "flows", said) == "True"


def test_missing_module_is_missing_by_its_name(folder: Path) -> None:
    """An import in a `try` may fail."""
    said = (
        "import importlib.util\nimport library\nprint([importlib.util.find_spec(name) for name in "
        "('nothing', 'library.nothing')])"
    )
    assert run(folder, said) == "[None, None]"


def test_failed_import_is_tried_again(folder: Path) -> None:
    """Neither name is left half imported."""
    (folder / "broken.py").write_text(
        "import sys\nif not hasattr(sys, 'mended'): raise ValueError('broken')\n"
    )
    said = (
        "try:\n    import broken\nexcept ValueError as error:\n    print(error, 'broken' in sys.modules)\n"
        "sys.mended = True\nimport broken\nprint(broken.__name__)"
    )
    assert run(folder, said).split("\n") == ["broken False", "flows.broken"]


def test_another_folder_replaces_the_first(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No module of the first folder is found any more."""
    other = tmp_path_factory.mktemp("other")
    (other / "shop.py").write_text("class Item: other = True\n")
    said = f"import shop\nopen_folder(Path({str(other)!r}))\nimport shop, flows.shop\nprint(shop.Item.other)"
    assert run(folder, said) == "True"


def test_reload_and_pickle_know_the_module(folder: Path) -> None:
    """They use the module's own name."""
    said = (
        "import importlib, pickle, shop\nprint(importlib.reload(shop) is shop, "
        "type(pickle.loads(pickle.dumps(shop.Item()))) is shop.Item)"
    )
    assert run(folder, said) == "True True"
