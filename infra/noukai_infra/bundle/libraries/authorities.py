"""Amazon's certificate authorities, the only ones that the functions trust."""

from pathlib import Path

from noukai_infra.bundle.error import BundleError

_AMAZONS = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
"""The authorities listed at https://www.amazontrust.com/repository/."""

_END = "-----END CERTIFICATE-----\n"


def write_amazons(everybody: Path, amazons: Path) -> None:
    """Extract Amazon's authorities from a labelled bundle of all.

    Raises:
        BundleError: one of them is missing.
    """
    certificates = everybody.read_text().split(_END)
    found = {
        label: certificate
        for certificate in certificates
        for label in _AMAZONS
        if _label(label) in certificate
    }
    if missing := sorted(set(_AMAZONS) - found.keys()):
        raise BundleError(
            f"{everybody} lacks Amazon's authorities {', '.join(missing)}: correct the list in "
            "infra/noukai_infra/bundle/libraries/authorities.py."
        )
    amazons.write_text("".join(found[label].lstrip() + _END for label in _AMAZONS))


def _label(name: str) -> str:
    return f'# Label: "{name}"\n'
