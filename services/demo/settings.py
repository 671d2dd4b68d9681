"""The demo's settings: those that are given, and what it makes by itself for those that are not."""

from pathlib import Path

from common.key_files import make_key
from common.settings import CompanySettings, DatabaseSettings, IssuerSettings, RedisSettings, Settings


def demo_settings(given: Settings, folder: Path, issuer: str, redis_url: str) -> Settings:
    """Return the settings of which nothing is missing: databases and keys in `folder`, companies that are let in.

    Makes the keys that are not there yet. Raises OSError if they cannot be written.
    """
    database = given.database
    return given.model_copy(
        update={
            "data_dir": folder,
            "issuer": IssuerSettings(
                url=given.issuer.url or issuer, hosts=f"{given.issuer.hosts},localhost", proxies=given.issuer.proxies
            ),
            "redis": RedisSettings(url=given.redis.url or redis_url),
            "database": DatabaseSettings(
                url=database.url or f"sqlite:///{folder / 'sso.db'}",
                identity_url=database.identity_url,
                pseudoniem_url=database.pseudoniem_url,
                dossier_url=database.dossier_url,
            ),
            "keys": given.keys.model_copy(
                update={
                    "sealing_file": _key_file(given.keys.sealing_file, folder / "sealing.key"),
                    "digest_file": _key_file(given.keys.digest_file, folder / "digest.key"),
                }
            ),
            "companies": CompanySettings(registration=given.companies.registration or "open"),
        }
    )


def _key_file(named: Path | None, own: Path) -> Path:
    """Return the key file of the settings, or the demo's own, made on the first start."""
    if named is None and not own.exists():
        make_key(own)
    return named or own
