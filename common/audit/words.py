"""The words that events are made of. Whatever is not here is OTHER, so that nothing else can get in.

A test holds them against the errors, the claims and the rules of the code.
"""

from typing import Final

from common.audit.kinds import OTHER


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split()) | {OTHER}


CAUSES: Final = _set(
    """
    malformed_token untrusted_issuer unknown_key bad_signature
    token_rejected authentic_token_rejected claim_rejected token_expired token_replayed
    no_credentials unreadable_credentials unknown_client wrong_secret invalid_client
    not_authenticated company_not_active token_revoked secret_revoked registration_ended launch_ended
    sign_in_failed provider_refused id_token_rejected no_bsn assurance_too_low
    permission_denied wrong_role scope_missing consent_missing
    not_found another_company another_patient not_linked no_treatment_relationship
    conflict treatment_relationship_conflict treatment_relationship_unknown other_patient_open
    key_rejected jwks_uri_rejected secret_rejected unsupported_grant_type invalid_scope o_auth_error rate_limited
    """
)
"""Why a refusal was one: the class of its error, or what that class leaves open."""

CLAIMS: Final = _set(
    """
    sub jti iat exp nbf iss aud role scope client_id companyName launchId pseudoniem treatmentRelationshipId
    profInfo profInfo.firstname profInfo.lastname profInfo.email profInfo.agb
    patientInfo patientInfo.bsn patientInfo.firstname patientInfo.lastname patientInfo.email
    """
)
"""The claims that a token can be refused for."""

RULES: Final = _set(
    """
    agb alg another_company audience blank bsn characters choice client_assertion curve date email exponent format
    future gender json jwk_or_pem key_ops malformed missing not_yet_valid null private revoked signer size symmetric
    too_long too_many too_short type unknown_member use weak_modulus
    address certificate connection kid no_keys packed port redirect scheme status timeout too_large url
    """
)
"""The rules that a claim, a key or a URL of keys can break."""

ADMISSIONS: Final = ("linked", "matched", "created", "registration_required")
STATUSES: Final = ("pending", "active", "suspended")
CHOICES: Final = ("approved", "declined")
LANGUAGES: Final = ("en", "nl")
GROUNDS: Final = ("own_company", "treatment_relationship")
WITHHELD: Final = ("no_dossier", "pending", "declined")
PURPOSES: Final = ("access", "sso")
ROLES: Final = ("company", "internal", "launch", "patient", "professional", OTHER)
