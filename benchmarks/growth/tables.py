"""How the rows of each table are made of their numbers: one statement for both databases.

`n` is a number of the given ones. The functions are those of `functions`; `{now}` is this moment in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.growth.population import Population

_SECONDS: Final = 63_000_000
"""Two years: over so long dossiers were made and launches took place, the last of them just now."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Rows of a table: `rows` numbers from 0 on, an expression for each column, and which numbers have a row."""

    table: str
    rows: int
    columns: Mapping[str, str]
    source: str = "n"
    where: str = "1 = 1"

    def statement(self, numbers: str) -> str:
        """Return the statement, with the numbers from this subquery."""
        source = f"(SELECT {self.source} FROM {numbers}) AS numbered"  # noqa: S608 - words of ours
        values = ", ".join(self.columns.values())
        into = f"INSERT INTO {self.table} ({', '.join(self.columns)})"
        return f"{into} SELECT {values} FROM {source} WHERE {self.where}"  # noqa: S608 - words of ours


def fillings(population: Population, now: int) -> list[Filling]:
    """Return all of them but the groups and the companies' secrets, the large tables first."""
    p, shuffled = population, "n, shuffled(n) AS i"
    of_launch = "n, shuffled(n) AS i, shuffled(n) / 100 AS a"

    def at(rows: int) -> str:
        return f"time_of({now - _SECONDS} + n * {_SECONDS} / {rows})"

    company, patient = "uuid_of('company', company_of(i))", "uuid_of('patient', patient_of(i))"
    event = {"outcome": "'yes'", "request_id": "uuid_of('request', n)"}
    of_event = {
        "account_id": "uuid_of('account', a)", "admission": "'linked'", "jti": "uuid_of('jti', n) || uuid_of('i', n)",
        "kid": "'nzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'", "launch_id": "uuid_of('launch', n)",
        "relationship_id": "uuid_of('relationship', i)",
    }  # fmt: skip
    return [
        Filling("dossiers", p.dossiers, {
            "dossier_id": "uuid_of('dossier', i)", "company_id": company, "pseudoniem": patient,
            "created_at": at(p.dossiers),
        }, shuffled),
        Filling("dossier_audit", p.dossiers // 5, {
            "at": at(p.dossiers // 5), "event": "'permission.granted'", **event, "company_id": company,
            "pseudoniem": patient, "details": _as_json({"dossier_id": "uuid_of('dossier', i)"}),
        }, "n, shuffled(n) AS i"),
        Filling("launches", p.launches, {
            "launch_id": "uuid_of('launch', n)", "company_id": company, "account_id": "uuid_of('account', a)",
            "sub": "'prof-' || a", "status": "'linked'", "pseudoniem": patient,
            "treatment_relationship_id": "'tr-' || i", "launched_at": at(p.launches),
            "relationship_id": "uuid_of('relationship', i)",
        }, of_launch),
        Filling("identity_audit", p.launches, {
            "at": at(p.launches), "event": "'launch.accepted'", **event, "company_id": company,
            "pseudoniem": patient, "details": _as_json(of_event),
        }, of_launch),
        Filling("consents", p.dossiers, {
            "dossier_id": "uuid_of('dossier', i)", "number": "1",
            "choice": "CASE WHEN i % 10 < 7 THEN 'approved' ELSE 'declined' END", "chosen_at": at(p.dossiers),
            "chosen_by": patient,
        }, shuffled, "i % 10 < 8"),
        Filling("consents", p.dossiers, {
            "dossier_id": "uuid_of('dossier', i)", "number": "2", "choice": "'declined'", "chosen_at": at(p.dossiers),
            "chosen_by": patient,
        }, shuffled, "i % 10 = 0"),
        Filling("treatment_relationships", p.dossiers, {
            "relationship_id": "uuid_of('relationship', i)", "company_id": company, "external_id": "'tr-' || i",
            "pseudoniem": patient, "made_at": at(p.dossiers),
        }, shuffled, "i % 5 < 3"),
        Filling("treatment_relationship_members", p.dossiers, {
            "relationship_id": "uuid_of('relationship', i)", "account_id": "uuid_of('account', a)",
            "joined_at": at(p.dossiers),
        }, of_launch, "i % 5 < 3"),
        Filling("pseudoniemen", p.patients, {
            "key_version": "1", "digest": "digest_of(n)", "pseudoniem": "uuid_of('patient', n)",
        }),
        Filling("pseudoniem_audit", p.patients // 5, {
            "at": at(p.patients // 5), "event": "'pseudoniem.made'", **event, "pseudoniem": "uuid_of('patient', n)",
            "details": "'{}'",
        }),
        Filling("accounts", p.accounts, {
            "account_id": "uuid_of('account', n)",
            "agb": "CASE WHEN n % 2 = 1 THEN substr(CAST(100000000 + n AS text), 2) END",
            "sealed_firstname": "filler('f', n, 3)", "sealed_lastname": "filler('l', n, 3)",
            "sealed_email": "filler('e', n, 4)", "name_digest": "octets_of('name', n)", "created_at": at(p.accounts),
        }),
        Filling("account_links", p.accounts, {
            "company_id": "uuid_of('company', company_of(100 * n))", "sub": "'prof-' || n",
            "account_id": "uuid_of('account', n)", "linked_at": at(p.accounts),
        }),
        # A day's spends and what browsers have open; older ones are purged.
        Filling("spends", p.dossiers // 50, {
            "company_id": company, "jti_digest": "octets_of('jti', n)", "launch_id": "uuid_of('launch', n)",
            "spent_at": f"time_of({now} - n * 43000 / {p.dossiers // 50})",
        }, shuffled),
        Filling("sessions", p.dossiers // 500, {
            "digest": "octets_of('session', n)", "launch_id": "uuid_of('launch', n)",
            "sealed_patient": "filler('s', n, 7)", "opened_at": f"time_of({now})", "seen_at": f"time_of({now})",
        }),
    ]  # fmt: skip


def _as_json(members: Mapping[str, str]) -> str:
    """Return an expression for the text of a JSON object whose values are texts."""
    pairs = " || ', ' || ".join(f"'\"{name}\": \"' || {value} || '\"'" for name, value in members.items())
    return f"'{{' || {pairs} || '}}'"
