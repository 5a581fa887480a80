"""The certificate authorities of Amazon, the only ones that the functions trust."""

from pathlib import Path

from noukai_infra.bundle.error import BundleError

_AMAZONS = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
"""As https://www.amazontrust.com/repository/ lists them for whoever wants to trust no others."""

_END = "-----END CERTIFICATE-----\n"


def write_amazons(everybody: Path, amazons: Path) -> None:
    """Extract Amazon's authorities from a labelled bundle of all.

    Raises:
        BundleError: one of them is not there any more.
    """
    certificates = everybody.read_text().split(_END)
    found = {label: certificate for certificate in certificates for label in _AMAZONS if _label(label) in certificate}
    if missing := sorted(set(_AMAZONS) - found.keys()):
        raise BundleError(
            f"{everybody} lacks Amazon's authorities {', '.join(missing)}: "
            "see infra/noukai_infra/bundle/authorities.py."
        )
    amazons.write_text("".join(found[label].lstrip() + _END for label in _AMAZONS))


def _label(name: str) -> str:
    return f'# Label: "{name}"\n'
