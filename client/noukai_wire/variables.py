"""The client's environment variables, and the detection of mistyped names."""

from collections.abc import Mapping

_PREFIX = "NOUKAI_"
_OURS = ("NOUKAI_API_KEY", "NOUKAI_BASE_URL", "NOUKAI_ORG", "NOUKAI_PROJECT")
_OF_PUBLISHED_SDKS = ("NOUKAI_ENV", "NOUKAI_REPLAY_ENABLED")
"""Variables of the published SDKs, which a program may use beside this client."""

_OF_OPERATORS = ("NOUKAI_STAGE",)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a message for each unknown variable with our prefix, with a suggestion."""
    known = {*_OURS, *_OF_PUBLISHED_SDKS, *_OF_OPERATORS}
    names = [name for name, value in environment.items() if value and name.upper().startswith(_PREFIX)]
    return [_problem(name) for name in sorted(names) if name not in known]


def _problem(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - hardly ever needed

    # The common prefix is removed, because it would make any name similar.
    nearest = get_close_matches(
        name.upper().removeprefix(_PREFIX),
        [our.removeprefix(_PREFIX) for our in (*_OURS, *_OF_OPERATORS)],
        n=1,
    )
    instead = f"did you mean {_PREFIX}{nearest[0]}?" if nearest else f"use one of {', '.join(_OURS)}"
    return f"the environment variable {name} is unknown to this client: {instead}"
