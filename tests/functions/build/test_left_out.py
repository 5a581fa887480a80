"""The build step: no flow is left out silently."""

from pathlib import Path

import pytest

from noukai_functions.catalog.entries import Catalog
from tests.functions.build.catalog_builds import HEAD, build

WRAPS = (
    "from functools import wraps, partial\n"
    "def timed(function):\n"
    "    @wraps(function)\n"
    "    def wrapper(*args, **kwargs):\n"
    "        return function(*args, **kwargs)\n"
    "    return wrapper\n"
)


def refusals(tmp_path: Path, **modules: str) -> list[str]:
    """Return the build's complaints about modules, without the folder."""
    for name, source in modules.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(HEAD + source)
    (tmp_path / "public.py").write_text(HEAD + "@flow\ndef there() -> None: ...\n")
    built = build(tmp_path)
    assert built.returncode == (1 if built.stderr else 0)
    return built.stderr.replace(f"{tmp_path}/", "").splitlines()


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        (f"{WRAPS}@timed\n@flow\ndef f1(a: int) -> None: ...\n", 10, "a decorator above @flow hides it"),
        (
            f"{WRAPS}@partial(partial, a=1)\n@flow\ndef f1(a: int) -> None: ...\n",
            10,
            "a decorator above @flow hides it",
        ),
        ("class A:\n    @flow\n    def f1(self) -> None: ...\n", 5, "it is in a class"),
        ("class A:\n    @staticmethod\n    @flow\n    def f1() -> None: ...\n", 5, "it is in a class"),
        ("class A:\n    @classmethod\n    @flow\n    def f1(cls) -> None: ...\n", 5, "it is in a class"),
        (
            "class A:\n    @flow\n    @staticmethod\n    def f1() -> None: ...\n",
            5,
            "must be the topmost decorator of a function of a module",
        ),
        (
            "class A:\n    @flow\n    @classmethod\n    def f1(cls) -> None: ...\n",
            5,
            "must be the topmost decorator of a function of a module",
        ),
        (
            "class A:\n    def __call__(self) -> None: ...\nf1 = flow(A())\n",
            6,
            "must be the topmost decorator of a function of a module",
        ),
        ("@flow\n@flow\ndef f1() -> None: ...\n", 4, "not of <flow 'f1'>"),
        ("@flow\ndef f1() -> None: ...\ndel f1\n", 4, "binds no name to it"),
        ("@flow\ndef f1() -> None: ...\nf1 = 1\n", 4, "binds no name to it"),
        ("@flow\ndef f1() -> None: ...\n@flow\ndef f1() -> None: ...\n", 4, "binds no name to it"),
        ("def made():\n    @flow\n    def f1() -> None: ...\n", 5, "does not call"),
        (
            "def made():\n    @flow(timeout=1)\n    async def f1() -> None: ...\nmade()\n",
            5,
            "binds no name to it",
        ),
    ],
)
def test_flow_that_no_job_could_call(tmp_path: Path, source: str, line: int, said: str) -> None:
    """It is reported with its file and line, and with what to do."""
    (refusal,) = refusals(tmp_path, shop=source)
    assert refusal.startswith(f"shop.py:{line}: ")
    assert said in refusal


@pytest.mark.parametrize("imports", ["", "import _helper\n", "from _helper import other\n"])
@pytest.mark.parametrize("place", ["_helper", "package/module"])
def test_flow_of_a_module_that_is_no_project(tmp_path: Path, place: str, imports: str) -> None:
    """A flow in a helper or a sub-package is not offered, whether it is imported or not."""
    imports = imports.replace("_helper", place.replace("/", "."))
    module = "other = 1\n@flow\ndef f1() -> None: ...\n"
    (refusal,) = refusals(tmp_path, **{place: module}, shop=f"{imports}@flow\ndef own() -> None: ...\n")
    assert refusal.startswith(
        f"{place.replace('__', '/')}.py:5: the flow 'f1' cannot be deployed: its module is private"
    )


@pytest.mark.parametrize(
    "imported", ["from noukai import flow as f\n@f.flow\n", "import noukai.flow as f\n@f.flow(timeout=1)\n"]
)
def test_decorator_by_another_name(tmp_path: Path, imported: str) -> None:
    """Files that nobody imports are read too, however they spell the decorator."""
    (refusal,) = refusals(tmp_path, _helper=f"{imported}def f1() -> None: ...\n")
    assert refusal.startswith("_helper.py:5: ")


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (("a_b", "a-b"), "a_b.py:1: a_b.py and a-b.py are both the project 'a-b'"),
        (("shop", "shop/x", "shop/__init__"), "shop.py:1: shop.py and shop are both the project 'shop'"),
    ],
)
def test_two_files_of_one_project(tmp_path: Path, modules: tuple[str, ...], said: str) -> None:
    """Otherwise one of the two would be lost."""
    found = refusals(tmp_path, **dict.fromkeys(modules, "x = 1\n"))
    assert [each.partition(": rename")[0] for each in found] == [said]


def test_flows_defined_in_unusual_ways_are_offered(tmp_path: Path) -> None:
    """From a factory, a helper, under a second name, below other decorators: each is offered once."""
    (tmp_path / "_helper.py").write_text(f"{HEAD}{WRAPS}@flow\ndef helped(a: 'Any') -> None: ...\n")
    (tmp_path / "shop.py").write_text(
        "from __future__ import annotations\nfrom datetime import date\nfrom noukai.flow import flow\n"
        "from _helper import helped, timed\n"
        "def make(name):\n    @flow(name=name)\n    def made(a: int) -> None: ...\n    return made\n"
        "first, second = make('first'), make('second')\nalias = first\n"
        "@flow\n@timed\ndef wrapped(day: date) -> None: ...\n"
    )
    built = build(tmp_path)
    assert built.returncode == 0, built.stderr
    flows = Catalog.load(tmp_path / "out").flows
    assert flows.keys() == {"shop/first", "shop/second", "shop/helped", "shop/wrapped"}
    assert flows["shop/wrapped"].input["properties"]["day"]["format"] == "date"
