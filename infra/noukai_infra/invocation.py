"""The command lines of the operator: those of make in this repository, else those of `noukai`."""

from noukai_infra.places import PROJECT, SOURCES


def command(name: str, arguments: str = "") -> str:
    """Return the command line that runs a command with these arguments."""
    if PROJECT != SOURCES:
        return f"noukai {name} {arguments}".rstrip()
    given = f'"{arguments}"' if " " in arguments else arguments
    return f"make {name} ARGS={given}" if given else f"make {name}"
