"""The place where functions are measured: their deployed assets, AWS on this machine, subjects in turns."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from zipfile import ZIP_DEFLATED, ZipFile

from noukai_infra.bundle.asset import Bundler
from noukai_infra.bundle.target import AssetName, Platform
from noukai_infra.settings import Settings
from tests.bench.machine.aws_stub import AwsStub
from tests.bench.machine.loopback import Authority, serving
from tests.bench.machine.runtime import INSTALLED, RUNTIME, Function, link_libraries
from tests.bench.machine.subjects import RIVALS, TABLES, Subject, changed, rows

Key = TypeVar("Key")
Sample = TypeVar("Sample")

_TYPICAL = (
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"),
    *("aws_lambda_powertools", "aws_xray_sdk", "wrapt", "pydantic", "pydantic_core", "annotated_types"),
    *("typing_extensions.py", "typing_inspection"),
)
"""The tracer patches every library that it finds, so the tests' own must be out of its sight."""

REFERENCE = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class Laboratory:
    """A maker of functions that find the stub of AWS in their environment."""

    assets: Mapping[AssetName, Path]
    sizes: Mapping[AssetName, int]
    """The bytes of the zip files for arm64, as deployed."""
    environment: Mapping[str, str]
    everybody: Path
    """The authorities that a client of AWS trusts by default."""
    runtime: Path
    libraries: Path
    """The typical handler's libraries."""

    def ours(self, subject: Subject, *, logging: bool = False) -> Function:
        """Make one of our functions; it may log each request as the typical handler does."""
        code = self.assets[asset_of(subject)]
        environment = {**self.environment, "JOBS_TABLE": subject.table}
        if logging:
            path = (self.runtime, code)
            return Function(REFERENCE, "logging_too.handler", {**environment, "ENTRY": subject.entry}, path)
        return Function(
            code, f"noukai_functions.handlers.{subject.entry}.handler", environment, (self.runtime,)
        )

    def rival(self, name: str) -> Function:
        """Make the typical handler."""
        environment = {
            **self.environment,
            "JOBS_TABLE": TABLES["typical"],
            "AWS_CA_BUNDLE": str(self.everybody),
        }
        return Function(REFERENCE, f"{RIVALS[name][0]}.handler", environment, (self.runtime, self.libraries))

    def empty(self) -> Function:
        """Make a function that does nothing: its cost is the runtime's."""
        return Function(REFERENCE, "empty.handler", self.environment, (self.runtime,))


def asset_of(subject: Subject) -> AssetName:
    """Return the asset that has a function's code."""
    return "worker" if subject.entry == "worker" else "api"


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Bundle, zip and unpack the assets, and serve AWS while the context lasts."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder, INSTALLED / "botocore" / "cacert.pem")
        stub = AwsStub(rows(), changed(), authority.context)
        with serving(stub):
            yield Laboratory(
                assets={asset: _unpacked(asset, folder, authority) for asset in ("api", "worker")},
                sizes={
                    asset: _zipped(asset, "manylinux", folder).stat().st_size for asset in ("api", "worker")
                },
                environment=_environment(stub),
                everybody=authority.bundle,
                runtime=link_libraries(folder / "runtime", RUNTIME),
                libraries=link_libraries(folder / "libraries", _TYPICAL),
            )


def in_turn(subjects: Mapping[Key, Callable[[], Sample]], rounds: int) -> dict[Key, list[Sample]]:
    """Measure each subject once in every round, after a round that does not count."""
    found: dict[Key, list[Sample]] = {key: [] for key in subjects}
    for number in range(rounds + 1):
        for key, measure in subjects.items():
            sample = measure()
            if number:
                found[key].append(sample)
    return found


def least(samples: list[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the least of one figure of the samples: a busy machine only ever adds CPU."""
    return min(map(figure, samples))


def most(samples: list[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the most of one figure of the samples: limits hold for the most."""
    return max(map(figure, samples))


def _environment(stub: AwsStub) -> dict[str, str]:
    return {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "x" * 700,
        "AWS_ENDPOINT_URL": stub.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LOG_LEVEL": "INFO",
        "KEYS_TABLE": TABLES["keys"],
        "USAGE_TABLE": TABLES["usage"],
        "WORKER_MEMORY": "1024",
        "PRICE_JOB": "0.000007",
        "PRICE_GB_SECOND": "0.0000133334",
        "QUEUE_URL": f"{stub.url}/123456789012/jobs",
        "DEAD_LETTER_QUEUE_URL": f"{stub.url}/123456789012/dead-letters",
        "LANG": "C.UTF-8",
    }


def _zipped(asset: AssetName, platform: Platform, folder: Path) -> Path:
    settings = Settings()
    written, scratch = folder / f"{asset}-{platform}", folder / f"{asset}-{platform}-scratch"
    scratch.mkdir()
    Bundler(settings.flows_folder, platform, settings.worker, scratch).write(asset, written)
    with ZipFile(archive := written.with_suffix(".zip"), "w", ZIP_DEFLATED) as packed:
        for path in sorted(path for path in written.rglob("*") if path.is_file()):
            packed.write(path, path.relative_to(written))
    return archive


def _unpacked(asset: AssetName, folder: Path, authority: Authority) -> Path:
    unpacked = folder / asset
    with ZipFile(_zipped(asset, "host", folder)) as packed:
        packed.extractall(unpacked)
    authority.join(unpacked / "authorities.pem")
    for path in [*unpacked.rglob("*"), unpacked]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return unpacked
