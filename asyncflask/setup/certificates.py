"""From Flask's `ssl_context` to uvicorn's TLS options; makes throw-away certificates."""

from __future__ import annotations

import atexit
import datetime
import ipaddress
import shutil
import ssl
import tempfile
from pathlib import Path
from typing import Any

ADHOC = "adhoc"
_VALIDITY = datetime.timedelta(days=365)


def tls_options(ssl_context: Any) -> dict[str, Any]:
    """uvicorn's options for Flask's `ssl_context`.

    Args:
        ssl_context: None, "adhoc", a pair of paths (certificate, key or None) or an SSLContext.
    Raises:
        RuntimeError: "adhoc" without the package cryptography.
        TypeError: it is none of these.
    """
    match ssl_context:
        case None:
            return {}
        case ssl.SSLContext():
            return {"ssl_context_factory": lambda config, default: ssl_context}
        case "adhoc":
            certificate, key = make_adhoc_files()
            return {"ssl_certfile": certificate, "ssl_keyfile": key}
        case (certificate, key):
            return {"ssl_certfile": certificate, "ssl_keyfile": key}
    raise TypeError(
        f"ssl_context is {ssl_context!r}. Give 'adhoc', a pair of paths (certificate, key)"
        " or an ssl.SSLContext."
    )


def require_cryptography() -> None:
    """Raise RuntimeError, with the remedy, when ad-hoc certificates cannot be made."""
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise RuntimeError(
            "Ad-hoc certificates need the package 'cryptography', which is not installed."
            " Run: pip install cryptography"
        ) from None


def make_adhoc_files() -> tuple[str, str]:
    """Write a self-signed certificate for localhost and its key; give their paths.

    They are removed when the process ends.
    """
    require_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    folder = Path(tempfile.mkdtemp(prefix="asyncflask-tls-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    certificate_path, key_path = folder / "certificate.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    certificate_path.write_bytes(_self_signed(key).public_bytes(pem))
    key_path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(certificate_path), str(key_path)


def _self_signed(key: Any) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _VALIDITY)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), loopback]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
