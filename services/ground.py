"""From settings to what a composition stands on."""

from collections.abc import Mapping

from common.clock import Clock
from common.errors import SettingsError
from common.key_files import read_key, read_secret
from common.limits import Counted, Limits
from common.settings import LimitSettings
from identity.companies.model import Status
from identity.pseudoniem.digest import DigestKey
from keys.sealing import Sealer
from schemas.base import Rules
from services.databases import open_databases
from services.limits_redis import RedisLimiter
from services.redis_client import open_redis
from services.required import Complete
from services.wiring import Ground
from sso.issuer.clients import secret_digest


def open_ground(
    complete: Complete, clock: Clock, rules: Rules, own_services: Mapping[str, bytes] | None = None
) -> Ground:
    """Return what a composition stands on; nothing is connected yet. Raises SettingsError.

    `own_services` are services of the composition itself, beside those in the settings.
    """
    settings, redis = complete.settings, open_redis(complete.redis_url)
    sealing, digest = read_key(complete.sealing_file), read_key(complete.digest_file)
    if sealing == digest:
        raise SettingsError("The sealing key and the digest key are the same: make two, with `sso keys init`.")
    named = {name: secret_digest(read_secret(service.secret_file)) for name, service in settings.services.items()}
    return Ground(
        issuer=complete.issuer,
        clock=clock,
        rules=rules,
        databases=open_databases(complete.database_urls),
        redis=redis,
        sealer=Sealer(sealing),
        digest_key=DigestKey(digest),
        services={**named, **(own_services or {})},
        limits=Limits(RedisLimiter(redis, _per_minute(settings.limits))),
        first_status=Status.ACTIVE if settings.companies.registration == "open" else Status.PENDING,
    )


def _per_minute(limits: LimitSettings) -> Mapping[Counted, int]:
    return {
        Counted.LAUNCHES: limits.launches,
        Counted.TOKEN_REQUESTS: limits.token_requests,
        Counted.REFUSALS: limits.refusals,
    }
