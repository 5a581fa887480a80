"""The build step: an error in a flow is reported with its file and line before anything is deployed."""

import subprocess
import sys
from pathlib import Path

import pytest

from noukai_functions.catalog.entries import SUBMISSION, Catalog
from tests.functions.build.catalog_builds import HEAD, assert_refused, build


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("import nothing_like_it\n", 4, "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("def broken(:\n", 4, "invalid syntax"),
        ("raise SystemExit('no')\n", 4, "SystemExit: no"),
        ("@flow\ndef f1(*args: int) -> None: ...\n", 4, "'*args: int' cannot be passed by name"),
        ("@flow\ndef f1(**kwargs: int) -> None: ...\n", 4, "'**kwargs: int' cannot be passed by name"),
        ("@flow\ndef f1(a: int, /) -> None: ...\n", 4, "'a: int' cannot be passed by name"),
        ("@flow\ndef f1(a: 'Missing') -> None: ...\n", 4, "name 'Missing' is not defined"),
        ("class Own: ...\n@flow\ndef f1(a: Own) -> None: ...\n", 5, "signature is invalid"),
        ("@flow\ndef f1(a: int = 'x') -> None: ...\n", 4, "the default of 'a'"),
        ("@flow\ndef f1() -> Any:\n    yield 1\n", 4, "it is a generator"),
        ("@flow\ndef f() -> None: ...\n", 4, "'f' cannot name a flow"),
        ("@flow\ndef f1() -> None: ...\n@flow(name='f1')\ndef f2() -> None: ...\n", 6, "defined twice"),
        ("@flow\ndef f1(message: int) -> None: ...\n", 4, "'message' must accept text"),
        ("@flow\ndef f1(a: float = float('inf')) -> None: ...\n", 4, "not JSON compliant"),
        (
            (
                "from typing import Annotated\nfrom pydantic import BaseModel, Field\n"
                "class Word(BaseModel, regex_engine='python-re'):\n"
                "    text: Annotated[str, Field(pattern='a(?=b)')]\n"
                "@flow\ndef f1(word: Word) -> None: ...\n"
            ),
            8,
            "the pattern 'a(?=b)' cannot be checked in linear time",
        ),
        (
            (
                "import re\nfrom typing import Annotated\nfrom pydantic import Field\n"
                "@flow\ndef f1(word: Annotated[str, Field(pattern=re.compile('a'))]) -> None: ...\n"
            ),
            7,
            (
                "the pattern 'a' is compiled by Python, whose engine does not take linear time: "
                "give the pattern as text"
            ),
        ),
        (
            "@flow\ndef f1(a: dict[int | str, int]) -> None: ...\n",
            4,
            "the keys of a mapping have several types",
        ),
        ("@flow\ndef f1(context, /) -> None: ...\n", 4, "'context' cannot be passed by name"),
        ("@flow\ndef f1(**context) -> None: ...\n", 4, "'**context' cannot be passed by name"),
        ("@flow\n@flow\ndef f1() -> None: ...\n", 4, "@flow must be the topmost decorator of a function"),
        (
            "import functools\nf1 = flow(functools.partial(print))\n",
            5,
            "@flow must be the topmost decorator of a function",
        ),
        ("x = 1\n", None, "there is no flow in this folder"),
    ],
    ids=lambda value: value.splitlines()[0] if isinstance(value, str) else None,
)
def test_unusable_flow(tmp_path: Path, source: str, line: int | None, said: str) -> None:
    """A module or flow that cannot be offered fails the build with its file, its line and the reason."""
    assert_refused(tmp_path, source, line, said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("name='Not-A-Slug'", "'Not-A-Slug' cannot name a flow"),
        ("timeout=0", "timeout must be a whole number from 1 to 840"),
        ("timeout=1.5", "timeout must be a whole number"),
        ("max_attempts=21", "max_attempts must be a whole number from 1 to 20"),
        ("keep=3599", "keep must be a whole number from 3600 to 31536000"),
        ("keep=31_536_001", "keep must be a whole number from 3600 to 31536000"),
        ("keep='1'", "keep must be a whole number from 3600 to 31536000"),
        ("backoff=-1", "backoff must be from 0 to backoff_cap"),
        ("backoff=61", "backoff must be from 0 to backoff_cap"),
        ("backoff='1'", "backoff must be from 0 to backoff_cap"),
        ("backoff_cap=901", "backoff_cap at most 900 seconds"),
        ("backoff_cap=float('nan')", "backoff_cap at most 900 seconds"),
        ("memory=127", "memory must be a whole number from 128 to 10240, not 127"),
        ("memory=10_241", "memory must be a whole number from 128 to 10240"),
        ("ephemeral_storage=511", "ephemeral_storage must be a whole number from 512"),
        ("concurrency=1", "concurrency must be a whole number from 2 to 1000"),
        ("batch=11", "batch must be a whole number from 1 to 10"),
        ("batch='2'", "batch must be a whole number from 1 to 10, not '2'"),
        ("batch=2, timeout=6", "more than 5 seconds requires a batch of 1, not 2"),
    ],
)
def test_invalid_option_of_a_flow(tmp_path: Path, options: str, said: str) -> None:
    """The build names the option, its bounds, and the line of the flow."""
    assert_refused(tmp_path, f"@flow({options})\ndef f1() -> None: ...\n", 4, said)


def test_validators_do_not_collide(tmp_path: Path) -> None:
    """Each flow is checked by its own schema, even where two flows' slugs could join to one name."""
    (tmp_path / "aa__b.py").write_text(HEAD + "@flow\ndef cc(a: int) -> None: ...\n")
    (tmp_path / "aa.py").write_text(HEAD + "@flow\ndef b__cc(a: str) -> None: ...\n")
    assert build(tmp_path).returncode == 0
    catalog = Catalog.load(tmp_path / "out")
    assert catalog.errors_of("aa--b/cc", {"a": 1}) == []
    assert catalog.errors_of("aa/b--cc", {"a": "x"}) == []


def test_annotations_for_type_checkers_alone(tmp_path: Path) -> None:
    """The return type, and the context, may be annotated with names that only type checkers import."""
    (tmp_path / "typed.py").write_text(
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nfrom noukai.flow import flow\n"
        "if TYPE_CHECKING:\n    from noukai.flow import Context\n    from nothing import Result\n"
        "@flow\ndef one(a: int, *, context: Context) -> Result: ...\n"
    )
    built = build(tmp_path)
    assert built.returncode == 0, built.stderr


def test_every_module_is_reported(tmp_path: Path) -> None:
    """The build reports the errors of every module, not only of the first."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("import nothing_like_it\n")
    assert build(tmp_path).stderr.count("ModuleNotFoundError") == 2


def test_module_whose_name_is_no_project(tmp_path: Path) -> None:
    """A public module whose name cannot be a slug is reported."""
    (tmp_path / "Project.py").write_text(HEAD)
    assert "'Project' cannot name a project" in build(tmp_path).stderr


def test_modules_may_import_each_other(tmp_path: Path) -> None:
    """Modules may import each other in either form; a flow belongs to the module that defines it."""
    (tmp_path / "_words.py").write_text("GREETING = 'hello'\n")
    (tmp_path / "email.py").write_text(
        HEAD
        + "import _words\nfrom . import _words as same\n"
        + "@flow\ndef send(to: str) -> str:\n    return _words.GREETING\n"
    )
    (tmp_path / "also_public.py").write_text(
        HEAD
        + "from flows.email import send\nimport email\nemail.message_from_string('')\n"
        + "@flow\ndef own() -> None: ...\n"
    )
    built = build(tmp_path)
    assert built.returncode == 0, built.stderr
    names = {path.stem for path in (tmp_path / "out" / "validators").iterdir()}
    assert names == {"email.send", "also-public.own", "submission", "upload", "schedule"}


def test_timeout_beyond_what_the_worker_has(tmp_path: Path) -> None:
    """A submission that asks for more time than a small worker gives a flow is refused with that bound."""
    (tmp_path / "small.py").write_text(HEAD + "@flow(timeout=10)\ndef one() -> None: ...\n")
    assert build(tmp_path, flow_seconds=40).returncode == 0
    catalog = Catalog.load(tmp_path / "out")
    assert catalog.errors_of(SUBMISSION, {"options": {"timeoutSeconds": 40}}) == []
    ((path, message),) = catalog.errors_of(SUBMISSION, {"options": {"timeoutSeconds": 41}})
    assert (path, message) == ("options.timeoutSeconds", "must be smaller than or equal to 40")


@pytest.mark.parametrize(
    ("asked", "worker_kind"),
    [
        ("timeout=40", None),
        ("timeout=41", "t60"),
        ("timeout=51", "t120"),
        ("timeout=790", "t900"),
        (
            "memory=128, ephemeral_storage=10_240, concurrency=2, batch=1, timeout=500",
            "m128-e10240-c2-b1-t600",
        ),
        ("concurrency=1000, timeout=1", "c1000"),
        ("batch=10, timeout=5", "b10-t60"),
        ("batch=1, timeout=5", "b1"),
    ],
)
def test_worker_kind_is_named_for_what_is_asked(tmp_path: Path, asked: str, worker_kind: str | None) -> None:
    """Times are rounded up, so that flows share workers: they cover the flow, its grace and settling."""
    (tmp_path / "small.py").write_text(HEAD + f"@flow({asked})\ndef one() -> None: ...\n")
    assert build(tmp_path, flow_seconds=40, grace_seconds=0).returncode == 0
    assert Catalog.load(tmp_path / "out").flows["small/one"].worker_kind == worker_kind


def test_flow_may_ask_for_a_worker_kind_of_the_settings_by_name(tmp_path: Path) -> None:
    """Its time is that kind's, whatever the default worker has; other arguments are former flows."""
    (tmp_path / "small.py").write_text(HEAD + "@flow(worker='ml', timeout=500)\ndef one() -> None: ...\n")
    built = build(tmp_path, flow_seconds=40, further=("--worker=ml=600", "old/one", "--worker=scans=30"))
    assert built.returncode == 0, built.stderr
    catalog = Catalog.load(tmp_path / "out")
    entry = catalog.flows["small/one"]
    assert (entry.worker_kind, entry.longest_seconds, catalog.former) == ("ml", 600, ("old/one",))


@pytest.mark.parametrize(
    ("asked", "kinds", "said"),
    [
        ("worker='ml'", (), "the worker kind 'ml' is not in cdk.json; it has none: add [workers.ml]"),
        (
            "worker='lm'",
            ("ml=60", "gpu=60"),
            "the worker kind 'lm' is not in cdk.json; there is gpu, ml: add [workers.lm]",
        ),
        (
            "worker='ml', memory=512, batch=2",
            ("ml=60",),
            (
                "it asks for the worker kind 'ml' and for memory, batch: leave out memory, batch, which "
                "[workers.ml] of the settings has"
            ),
        ),
        (
            "worker='ml', timeout=61",
            ("ml=60",),
            (
                "its timeout of 61 seconds is longer than the 60 that the worker kind 'ml' has for an "
                "attempt: lower it, or raise workers.ml.timeout in cdk.json"
            ),
        ),
    ],
)
def test_worker_kind_that_a_flow_cannot_have(
    tmp_path: Path, asked: str, kinds: tuple[str, ...], said: str
) -> None:
    """The error says which there are, and what to change where."""
    (tmp_path / "small.py").write_text(HEAD + f"@flow({asked})\ndef one() -> None: ...\n")
    built = build(tmp_path, further=tuple(f"--worker={kind}" for kind in kinds))
    assert (built.returncode, said in built.stderr) == (1, True), built.stderr


def test_flow_that_no_worker_has_time_for(tmp_path: Path) -> None:
    """The time that a worker reserves for stopping a flow may exceed what is left of a quarter of an hour."""
    (tmp_path / "small.py").write_text(HEAD + "@flow(timeout=831)\ndef one() -> None: ...\n")
    built = build(tmp_path, flow_seconds=830, grace_seconds=60)
    said = (
        "no worker has 831 seconds for it and the 60 of worker.grace_seconds in cdk.json: lower one of them"
    )
    assert (built.returncode, built.stderr) == (1, f"{tmp_path / 'small.py'}:4: flow 'one': {said}\n")


@pytest.mark.parametrize(("kinds", "status"), [(14, 0), (15, 1)])
def test_flows_that_ask_for_too_many_kinds_of_worker(tmp_path: Path, kinds: int, status: int) -> None:
    """Each kind has a queue whose address every sender must know."""
    flows = (f"@flow(memory={200 + number})\ndef f{number}0() -> None: ...\n" for number in range(kinds))
    (tmp_path / "many.py").write_text(HEAD + "".join(flows))
    built = build(tmp_path)
    assert (built.returncode, "ask for 15 worker kinds; at most 14 are allowed" in built.stderr) == (
        status,
        status == 1,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["only"],
        ["flows", "out", "soon"],
        ["flows", "out", "1", "1"],
        ["flows", "out", "1", "x", "cdk.json"],
    ],
)
def test_usage(arguments: list[str]) -> None:
    """Without the right arguments, the build step prints its usage."""
    built = subprocess.run(
        [sys.executable, "-m", "noukai_functions.build.catalog_build", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stderr.startswith("usage:")) == (2, True)


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """A folder that does not exist is named."""
    built = build(tmp_path / "nowhere")
    assert (built.returncode, built.stderr) == (
        1,
        f"{tmp_path / 'nowhere'}: this flows folder does not exist\n",
    )
