"""Settings that do not fit each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from noukai_infra.settings.workers.layers import layer_complaints

if TYPE_CHECKING:
    from noukai_infra.settings.settings import Settings

API = "api"
OF_API = ("submit", "status", "wait")
"""The functions that a caller waits for from a submission to its result, for which `api` stands."""

_MOST_ENVIRONMENT = 4096
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def conflicts(settings: "Settings") -> list[str]:
    """Return a sentence for each pair of settings that do not fit each other."""
    return [*_of_the_api(settings), *_of_layers(settings), *_of_environment(settings)]


def _of_environment(settings: "Settings") -> Iterator[str]:
    """Check what Lambda would refuse in the midst of a deploy."""
    size = sum(len(f"{name}{value}".encode()) for name, value in settings.environment.items())
    if size > _MOST_ENVIRONMENT:
        yield (
            f"environment: it has {size} bytes, and Lambda takes {_MOST_ENVIRONMENT} at most: read what "
            "is large from a file of the flows folder, or from a secret by `secrets`."
        )


def _of_the_api(settings: "Settings") -> Iterator[str]:
    if settings.canary is not None and not settings.has_metrics:
        yield 'canary: it is judged by its figures: set metrics to "kind" or "flow".'
    if settings.domain and settings.edge:
        yield "domain: have `domain` or `edge`: with CloudFront, the name is `edge.name`."
    warm = [name for name in (API, *OF_API) if name in settings.warm]
    if settings.api_snap_start and warm:
        yield (
            f"api_snap_start: {' and '.join(f'warm.{name}' for name in warm)} is for the same functions, and "
            "AWS does not combine them: have one or the other."
        )


def _of_layers(settings: "Settings") -> Iterator[str]:
    """Check layers as far as their ARNs tell."""
    kinds = {
        "worker": settings.worker,
        **{f"workers.{name}": kind for name, kind in settings.workers.items()},
    }
    for name, kind in kinds.items():
        for said in layer_complaints(kind.layers, settings.architecture, settings.region):
            yield f"{name}.layers: {said}."
