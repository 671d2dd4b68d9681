"""Every event there is. A new decision is a row here, with the fields that it may have.

No field is a text: see `common/audit/kinds.py`. `docs/audit.md` is made from this (`make docs`).
"""

from typing import Final

from common.audit import dossier_events
from common.audit.events import EventType, Level
from common.audit.fields import no, yes

# Launches, and the sessions that they open.
LAUNCH_ACCEPTED: Final = yes(
    "launch.accepted",
    "A professional was launched at a patient.",
    "company_id launch_id account_id admission pseudoniem relationship_id kid jti",
)
LAUNCH_REFUSED: Final = no(
    "launch.refused",
    "A token with a company's own signature was refused; `replays` is the launch that it opened before.",
    "company_id kid jti cause claim rule replays",
    Level.WARNING,
)
TOKEN_DIAGNOSED: Final = yes(
    "token.diagnosed",
    "A company was told what a launch with a token would answer; without `kid` nobody is shown to have signed it.",
    "company_id accepted kid jti cause claim rule replays",
)
PROFESSIONAL_REGISTERED: Final = yes(
    "professional.registered",
    "A professional of whom the EHR told too little filled in the form.",
    "company_id launch_id account_id pseudoniem",
    Level.NOTICE,
)
PROFESSIONALS_LISTED: Final = yes(
    "professionals.listed", "A company saw so many of its professionals' accounts.", "company_id count"
)
PROFESSIONAL_UNLINKED: Final = yes(
    "professional.unlinked",
    "The link of a professional to an account was undone: by the company, or, where there is no request, an operator.",
    "company_id account_id",
    Level.NOTICE,
)
PROFESSIONAL_NOT_UNLINKED: Final = no(
    "professional.not_unlinked", "A link was to be undone that is not there.", "company_id cause"
)
RELATIONSHIPS_LISTED: Final = yes(
    "relationships.listed", "A company saw so many of its treatment relationships.", "company_id count"
)
RELATIONSHIP_SHOWN: Final = yes(
    "relationship.shown", "A company saw a treatment relationship.", "company_id relationship_id pseudoniem"
)
RELATIONSHIP_WITHHELD: Final = no(
    "relationship.withheld", "A company asked for a treatment relationship that it does not have.", "company_id cause"
)
RELATIONSHIP_ENDED: Final = yes(
    "relationship.ended",
    "A company ended a treatment relationship, and what its launches had opened.",
    "company_id relationship_id pseudoniem",
    Level.NOTICE,
)
RELATIONSHIP_NOT_ENDED: Final = no(
    "relationship.not_ended", "A company asked to end a treatment relationship that it does not have.",
    "company_id cause",
)  # fmt: skip
SESSION_RESUMED: Final = yes(
    "session.resumed",
    "A launched browser was shown its launch, with the permission as it was and a fresh access token.",
    "company_id launch_id account_id pseudoniem",
)
SESSION_REFUSED: Final = no(
    "session.refused", "A session was there, and its launch is no longer shown.", "company_id launch_id cause"
)
SESSION_LEFT: Final = yes("session.left", "A launched browser ended its session.", "company_id launch_id pseudoniem")

# Tokens of ours.
COMPANY_TOKEN_ISSUED: Final = yes("company_token.issued", "A company got an access token.", "company_id")
COMPANY_TOKEN_REFUSED: Final = no(
    "company_token.refused", "A company proved who it is, and asked for what there is not.", "company_id cause"
)
TOKEN_REVOKED: Final = yes(
    "token.revoked",
    "A company revoked a token of its own that could still be accepted.",
    "company_id role jti",
    Level.NOTICE,
)
SSO_TOKEN_ISSUED: Final = yes("sso_token.issued", "We signed a launch token in a company's name.", "company_id jti")
INTERNAL_TOKEN_ISSUED: Final = yes("internal_token.issued", "A service of ours got an access token.", "service")
INTERNAL_TOKEN_REFUSED: Final = no(
    "internal_token.refused", "A service of ours proved who it is, and asked for what there is not.", "service cause",
    Level.WARNING,
)  # fmt: skip
BEARER_REFUSED: Final = no(
    "bearer.refused",
    "An access token with our own signature was refused.",
    "company_id launch_id role cause claim rule",
)

# Companies and their keys.
COMPANY_REGISTERED: Final = yes("company.registered", "A company registered.", "company_id status", Level.NOTICE)
COMPANY_APPROVED: Final = yes("company.approved", "An operator let a company in.", "company_id", Level.NOTICE)
COMPANY_SUSPENDED: Final = yes("company.suspended", "An operator kept a company out.", "company_id", Level.WARNING)
COMPANY_RESUMED: Final = yes("company.resumed", "An operator let a company in again.", "company_id", Level.NOTICE)
COMPANY_CHANGE_REFUSED: Final = no(
    "company.change_refused", "An operator asked for what a company's status does not allow.", "company_id cause"
)
SECRET_MADE: Final = yes(
    "secret.made", "A company, or an operator for it, made a secret.", "company_id secret_id by_operator", Level.NOTICE
)
SECRET_REFUSED: Final = no(
    "secret.refused", "A secret was not made, or not revoked because it is none or the last.", "company_id cause rule"
)
SECRET_REVOKED: Final = yes(
    "secret.revoked", "A company, or an operator for it, revoked a secret.", "company_id secret_id by_operator",
    Level.NOTICE,
)  # fmt: skip
KEY_REGISTERED: Final = yes(
    "key.registered", "A company registered a key; `new` is false for one that it had.", "company_id kid new",
    Level.NOTICE,
)  # fmt: skip
KEY_REFUSED: Final = no(
    "key.refused", "A key was not taken, or not revoked because the company has none such.", "company_id cause rule",
    Level.WARNING,
)  # fmt: skip
KEY_REVOKED: Final = yes(
    "key.revoked", "A key was revoked for ever: by its company, or because its private part was in the company's set.",
    "company_id kid", Level.NOTICE,
)  # fmt: skip
JWKS_URI_SET: Final = yes(
    "jwks_uri.set", "A company said behind which URL it publishes its keys.", "company_id", Level.NOTICE
)
JWKS_URI_REFUSED: Final = no(
    "jwks_uri.refused",
    "The URL of a company's keys was not taken, or not removed because there is none.",
    "company_id cause rule",
    Level.WARNING,
)
JWKS_URI_REMOVED: Final = yes(
    "jwks_uri.removed", "A company removed the URL of its keys, and the keys with it.", "company_id", Level.NOTICE
)
JWKS_URI_WITHDRAWN: Final = yes(
    "jwks_uri.withdrawn", "An operator removed the URL of a suspended company's keys, and freed the keys.",
    "company_id", Level.WARNING,
)  # fmt: skip
KEY_SET_FETCHED: Final = yes(
    "key_set.fetched", "A company's key set was read and is not what it was: `count` keys count.", "company_id count",
    Level.NOTICE,
)  # fmt: skip
KEY_SET_FAILED: Final = no(
    "key_set.failed", "A company's key set could no longer be read; what counts of it still does, for seven days.",
    "company_id rule", Level.WARNING,
)  # fmt: skip
KEY_PUBLISHED: Final = yes("key.published", "A key is new in a company's key set.", "company_id kid", Level.NOTICE)
KEY_WITHDRAWN: Final = yes(
    "key.withdrawn", "A key has left a company's key set, or the set is too old.", "company_id kid", Level.NOTICE
)
KEYS_SKIPPED: Final = no(
    "key_set.skipped", "So many keys of a company's key set are not taken, for one reason.", "company_id rule count",
    Level.WARNING,
)  # fmt: skip

# Our own signing keys.
SIGNING_KEY_MADE: Final = yes("signing_key.made", "A key of ours was announced.", "kid purpose", Level.NOTICE)
SIGNING_KEY_WITHDRAWN: Final = yes(
    "signing_key.withdrawn", "An operator took a key of ours out.", "kid purpose", Level.WARNING
)

# Patients and pseudoniemen.
PATIENT_SIGNED_IN: Final = yes("patient.signed_in", "A patient signed in.", "pseudoniem")
PATIENT_SIGNED_OUT: Final = yes("patient.signed_out", "A patient signed out.", "pseudoniem")
PATIENT_REFUSED: Final = no(
    "patient.refused", "A sign-in failed; `pseudoniem` is whose it would have been.", "pseudoniem cause"
)
PATIENT_EXPORTED: Final = yes(
    "patient.exported", "An operator wrote out all that is kept on a patient.", "pseudoniem", Level.NOTICE
)
PATIENT_ERASED: Final = yes(
    "patient.erased", "An operator erased what is kept on a patient: so many rows.", "pseudoniem count", Level.WARNING
)
PSEUDONIEM_MADE: Final = yes("pseudoniem.made", "A patient was seen for the first time.", "pseudoniem")
PSEUDONIEM_GIVEN: Final = yes("pseudoniem.given", "A service of ours asked for a pseudoniem.", "pseudoniem service")

CATALOGUE: Final = {
    event.name: event
    for place in (globals(), vars(dossier_events))
    for event in list(place.values())
    if isinstance(event, EventType)
}
"""Every event above and of dossiers, by its name."""
