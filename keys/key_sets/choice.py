"""Which keys of a set its company may have: none of another's, none that was revoked, and no more than MAX_KEYS."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from keys.key_sets.document import NamedKey, Skipped
from keys.partners import MAX_KEYS
from schemas.identifiers import CompanyId


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a key, whoever's it is."""

    company_id: CompanyId
    alg: str
    uploaded: bool
    revoked: bool


def choose(
    company_id: CompanyId, named: Sequence[NamedKey], known: Mapping[str, Known], own: Collection[str]
) -> tuple[Sequence[NamedKey], Sequence[Skipped]]:
    """Return the keys that are taken, the first MAX_KEYS that can be, and why the others are not.

    `known` and `own`, which are our own keys, are by thumbprint. The reasons: `another_company`, `revoked`, `alg` (the
    company uploaded it for another one), `kid` (a second name for one key) and `too_many`.
    """
    taken: dict[str, NamedKey] = {}
    skipped: list[Skipped] = []
    for one in named:
        thumbprint = one.key.kid
        reason = "another_company" if thumbprint in own else _reason(company_id, one, known.get(thumbprint))
        if reason is None and thumbprint in taken:
            reason = "kid"
        if reason is None and len(taken) >= MAX_KEYS:
            reason = "too_many"
        if reason is None:
            taken[thumbprint] = one
        else:
            skipped.append(Skipped(one.index, reason))
    return list(taken.values()), skipped


def _reason(company_id: CompanyId, one: NamedKey, known: Known | None) -> str | None:
    if known is None:
        return None
    if known.company_id != company_id:
        return "another_company"
    if known.revoked:
        return "revoked"
    return "alg" if known.uploaded and known.alg != one.key.alg else None
