"""The build context of a worker kind's container image, and the program that builds it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.bundle.asset import Bundler
from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.image import BASE, LIBRARIES, RUNTIME, TASK
from noukai_infra.bundle.image_builder import builder_environment
from noukai_infra.bundle.target import Platform
from noukai_infra.settings import WorkerKind
from tests.bench.machine.aws_stub import AwsStub
from tests.bench.machine.loopback import Authority, serving
from tests.bench.machine.runtime import INSTALLED, Function
from tests.bench.machine.subjects import SUBJECTS, changed, rows
from tests.infra.bundle.wheels import make_wheel

FLOWS = """
from noukai.flow import flow
import heavy_model

@flow(worker="ml")
def word_count(message: str, top: int = 3) -> str:
    return heavy_model.answer(message)
"""
COMMANDS = "RUN apt-get update \\\n && apt-get install --yes ffmpeg\nENV MODEL=small\nCOPY fonts/ /fonts/\n"


class Recording(AwsStub):
    """A stub that keeps the updates of rows."""

    updates: list[Any]

    def result(self, operation: str, request: Any) -> Any:
        if operation == "UpdateItem":
            self.updates.append(request)
        return super().result(operation, request)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with flows, and an image whose folder has what belongs into no image, too."""
    folder = tmp_path_factory.mktemp("repository")
    image = folder / "images" / "ml"
    for name in ("flows", "images/ml/fonts", "images/ml/tests", "wheels"):
        (folder / name).mkdir(parents=True)
    (folder / "flows" / "demo.py").write_text(FLOWS)
    make_wheel(folder / "wheels", "heavy_model", "def answer(text):\n    return f'heavy {text}'\n")
    (image / "requirements.txt").write_text("--no-index\n--find-links ../../wheels\nheavy_model\n")
    (image / "Dockerfile").write_text(COMMANDS)
    (image / "fonts" / "own.ttf").write_text("a font")
    (image / ".secrets").write_text("DB_URL=hidden")
    (image / "tests" / "test_own.py").write_text("def test_it(): ...\n")
    return folder


@pytest.fixture(scope="module")
def write(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write the context of the image, with a bundler of its own."""

    def written(platform: Platform, base: str | None = None) -> Path:
        scratch, context = tmp_path_factory.mktemp("scratch"), tmp_path_factory.mktemp("context")
        image = repository / "images" / "ml"
        kinds = {"ml": WorkerKind(image=image)}
        bundler = Bundler(repository / "flows", platform, WorkerKind(), scratch, workers=kinds)
        bundler.write_image(image, base, context)
        return context

    return written


@pytest.fixture(scope="module")
def context(write: Callable[..., Path]) -> Path:
    return write("host")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_context_has_the_commands_between_our_base_and_the_worker(context: Path) -> None:
    """What changes most often comes last, so that most builds push little."""
    lines = (context / "Dockerfile").read_text().splitlines()
    assert lines == [
        f"FROM {BASE}",
        *COMMANDS.splitlines(),
        f"COPY {RUNTIME}/ /var/runtime/",
        f"COPY {LIBRARIES}/ /var/task/",
        f"COPY {TASK}/ /var/task/",
        "ENV LAMBDA_TASK_ROOT=/var/task PYTHONPATH=/var/runtime",
        "WORKDIR /var/task",
        'ENTRYPOINT ["python", "-m", "awslambdaric"]',
        'CMD ["noukai_functions.handlers.worker.handler"]',
    ]


def test_context_has_the_files_beside_the_commands_and_no_others(context: Path, repository: Path) -> None:
    """No secrets, no tests, and nothing that depends on this machine."""
    found = contents(context)
    assert {name for name in found if not name.startswith("noukai/")} == {"Dockerfile", "fonts/own.ttf"}
    assert {f"{LIBRARIES}/heavy_model.py", f"{TASK}/flows/demo.py", f"{TASK}/catalog/flows.json"} <= {*found}
    assert [name for name in found if ".secrets" in name or "test_own" in name] == []
    named = [str(folder).encode() for folder in (repository, context, INSTALLED)]
    assert [name for name, content in found.items() if any(each in content for each in named)] == []


def test_context_is_the_same_each_time(context: Path, write: Callable[..., Path]) -> None:
    """So its hash is the same, and an unchanged image is neither built nor pushed."""
    assert contents(write("host")) == contents(context)


def test_base_may_be_set(write: Callable[..., Path]) -> None:
    base = "mirror.example/python@sha256:" + "0" * 64
    assert (write("host", base) / "Dockerfile").read_text().startswith(f"FROM {base}\n")


@pytest.mark.parametrize("command", ["FROM scratch", "cmd ['x']", "ENTRYPOINT /bin/sh", "WORKDIR /"])
def test_command_that_every_image_has_is_refused(repository: Path, tmp_path: Path, command: str) -> None:
    """With its line."""
    image = tmp_path / "image"
    image.mkdir()
    (image / "Dockerfile").write_text(f"RUN true \\\n from here\n{command}\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    kinds = {"ml": WorkerKind(image=repository / "images" / "ml")}
    bundler = Bundler(repository / "flows", "host", WorkerKind(), scratch, workers=kinds)
    with pytest.raises(
        BundleError, match=r"Dockerfile:3: [A-Z]+ is set for every worker's image: leave it out"
    ):
        bundler.write_image(image, None, tmp_path / "context")


def test_folder_that_is_not_there_is_named(repository: Path, tmp_path: Path) -> None:
    kinds = {"ml": WorkerKind(image=Path("images/nowhere"))}
    bundler = Bundler(repository / "flows", "host", WorkerKind(), tmp_path, workers=kinds)
    with pytest.raises(BundleError, match="folder images/nowhere of an image does not exist: make it"):
        bundler.kinds()


@pytest.fixture
def function(context: Path, tmp_path: Path) -> Iterator[tuple[Function, list[Any]]]:
    """Yield the worker with the folders of its image, and the updates of its jobs' rows."""
    task = tmp_path / "task"
    for part in (LIBRARIES, TASK):
        shutil.copytree(context / part, task, dirs_exist_ok=True)
    authority = Authority(tmp_path, INSTALLED / "botocore" / "cacert.pem")
    authority.join(task / "authorities.pem")
    stub = Recording(rows(), changed(), authority.context)
    stub.updates = []
    with serving(stub):
        environment = {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_ENDPOINT_URL": stub.url,
            "AWS_LAMBDA_FUNCTION_NAME": "worker",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "JOBS_TABLE": "jobs",
            "QUEUE_URL": f"{stub.url}/123456789012/jobs",
            "WORKER_KIND": "ml",
            "LOG_LEVEL": "INFO",
            "LANG": "C.UTF-8",
        }
        path = (context / RUNTIME,)
        yield Function(task, "noukai_functions.handlers.worker.handler", environment, path), stub.updates


def test_flow_runs_under_lambdas_own_runtime_client(function: tuple[Function, list[Any]]) -> None:
    """With the library that only the image has; the interpreter has no others, as `-S` leaves them out."""
    (event,) = (subject.event for subject in SUBJECTS if subject.entry == "worker")
    worker, updates = function
    worker.run(event)
    assert "heavy to be or not to be" in str(updates)


def made_builder(folder: Path, name: str, *, works: bool) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {0 if works else 1}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"docker": True, "podman": True, "buildah": True}, "docker"),
        ({"docker": False, "podman": True}, "podman"),
        ({"docker": False, "podman": False, "buildah": True}, "buildah"),
        ({"buildah": True}, "buildah"),
    ],
)
def test_builder_is_the_first_that_works(tmp_path: Path, there: dict[str, bool], chosen: str) -> None:
    """A docker whose daemon cannot be reached counts as absent."""
    for name, works in there.items():
        made_builder(tmp_path, name, works=works)
    environment = builder_environment({"PATH": f"{tmp_path}{os.pathsep}/nowhere"})
    assert environment == {"CDK_DOCKER": chosen, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def test_builder_that_the_operator_has_chosen_is_kept(tmp_path: Path) -> None:
    """It is not asked whether it works."""
    chosen = {"PATH": str(tmp_path), "CDK_DOCKER": "finch"}
    assert builder_environment(chosen) == {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((), "; there is none. Install one"),
        (("docker",), "; docker cannot be reached: start it"),
    ],
)
def test_without_a_builder_the_error_says_what_to_do(
    tmp_path: Path, there: tuple[str, ...], said: str
) -> None:
    for name in there:
        made_builder(tmp_path, name, works=False)
    with pytest.raises(BundleError) as caught:
        builder_environment({"PATH": str(tmp_path)})
    assert said in str(caught.value)
