"""The emulator's certificate, needed because its queues refuse plain HTTP like AWS's."""

from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The PEM files of the trusted authority, and of the server's certificate for `HOST`."""

    authority: Path
    chain: Path
    key: Path

    @classmethod
    def issue(cls, folder: Path) -> "Certificate":
        """Write a certificate into the folder, issued by a new authority for this one only."""
        # Imported here: it takes a tenth of a second, in which the template is already being synthesized.
        import trustme  # noqa: PLC0415

        authority = trustme.CA()
        server = authority.issue_cert(HOST)
        certificate = cls(folder / "authority.pem", folder / "server.pem", folder / "server.key")
        authority.cert_pem.write_to_path(certificate.authority)
        for number, pem in enumerate(server.cert_chain_pems):
            pem.write_to_path(certificate.chain, append=number > 0)
        server.private_key_pem.write_to_path(certificate.key)
        return certificate
