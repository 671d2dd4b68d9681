"""The one exception tree. Every refusal that a caller can meet is a class here.

`detail` may reach the caller, `private` reaches the log only. Neither may hold a BSN, a token or a secret.
Its status and title are in `common/http/problems.py` alone. A wrong *call* is not in this tree: it is a 500, and fixed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class ServiceError(Exception):
    """Base of all refusals. `code` is stable: callers program against it."""

    code: ClassVar[str]
    cause: str = ""  # for the audit: a finer word than the class is, see `common/audit/refusals.py`
    audited: bool = False  # whether the audit has an event of this refusal; if not, it is counted

    def __init__(self, detail: str, *, private: str = "") -> None:
        super().__init__(detail)
        self.detail, self.private = detail, private

    def members(self) -> Mapping[str, object]:
        """What this error adds to a problem document, beside the members that all have."""
        return {}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where (RFC 6901 pointer, or a path parameter's name) and which rule."""

    pointer: str
    rule: str


class InvalidInput(ServiceError):
    """Well-formed, but against the rules; says where, and never repeats what was sent."""

    code = "invalid_request"

    def __init__(self, detail: str, faults: Sequence[Fault] = (), *, private: str = "") -> None:
        super().__init__(detail, private=private)
        self.faults = tuple(faults)

    def members(self) -> Mapping[str, object]:
        return {"errors": [{"pointer": one.pointer, "rule": one.rule} for one in self.faults]} if self.faults else {}


class MalformedBody(InvalidInput):
    code = "malformed_body"


class DuplicateParameter(MalformedBody):
    code = "duplicate_parameter"


class UnknownHost(MalformedBody):
    code = "unknown_host"


class BodyTooLarge(MalformedBody):
    code = "body_too_large"


class BodyTooSlow(MalformedBody):
    code = "body_too_slow"


class UnsupportedMediaType(MalformedBody):
    code = "unsupported_media_type"


class KeyRejected(InvalidInput):
    """A partner's key that we do not take: `reason` is a stable word, `skipped` the same of keys in a set, by index."""

    code = "key_rejected"

    def __init__(self, reason: str, detail: str, skipped: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(detail)
        self.reason, self.skipped = reason, tuple(skipped)

    def members(self) -> Mapping[str, object]:
        skipped = [{"index": index, "reason": reason} for index, reason in self.skipped]
        return {"reason": self.reason, **({"skipped": skipped} if skipped else {})}


class JwksUriRejected(KeyRejected):
    code = "jwks_uri_rejected"


class SecretRejected(KeyRejected):
    code = "secret_rejected"


class TreatmentRelationshipUnknown(InvalidInput):
    code = "treatment_relationship_unknown"


class TokenRejected(ServiceError):
    """The signature did not verify. Outside, all causes look the same; `flaw`, a word of ours, knows the cause."""

    code = "token_rejected"

    def __init__(self, flaw: str, *, detail: str = "The token was not accepted.") -> None:
        super().__init__(detail, private=flaw)
        self.flaw = flaw


class MalformedToken(TokenRejected):
    """Not three canonical segments, or a header against the policy."""


class UntrustedIssuer(TokenRejected):
    """Nobody we know stands behind this token."""


class UnknownKey(TokenRejected):
    """The signer has no current key that fits."""


class BadSignature(TokenRejected):
    """A key that fits did not verify the bytes."""


class AuthenticTokenRejected(TokenRejected):
    """Signed by a known partner, and still refused: from here on we say why."""

    def __init__(self, detail: str, *, private: str = "") -> None:
        super().__init__(private, detail=detail)


class ClaimRejected(AuthenticTokenRejected):
    code = "claim_rejected"

    def __init__(self, claim: str, rule: str) -> None:
        super().__init__(f"The claim {claim or 'set'} does not keep the rule {rule}.")
        self.claim, self.rule = claim, rule

    def members(self) -> Mapping[str, object]:
        return {"claim": self.claim, "rule": self.rule}


class TokenExpired(AuthenticTokenRejected):
    code = "token_expired"


class TokenReplayed(AuthenticTokenRejected):
    """`launch_id` is the launch that the token opened, where it is known: a page can offer to go back to it."""

    code = "token_replayed"
    launch_id: object = None


class NotAuthenticated(ServiceError):
    """No usable credential. `error` goes into the Bearer challenge (RFC 6750 3.1), empty if none was sent."""

    code = "not_authenticated"

    def __init__(self, detail: str, *, error: str = "", private: str = "") -> None:
        super().__init__(detail, private=private)
        self.error = error


class SignInFailed(NotAuthenticated):
    code = "sign_in_failed"


class PermissionDenied(ServiceError):
    code = "permission_denied"  # `bearer`, also by a missing `scope`: a good token does not open this (RFC 6750 3)

    def __init__(self, detail: str, *, bearer: bool = False, scope: str = "", private: str = "") -> None:
        super().__init__(detail, private=private)
        self.bearer, self.scope = bearer or bool(scope), scope


class ConsentMissing(PermissionDenied):
    code = "consent_missing"

    def members(self) -> Mapping[str, object]:
        return {"gavePermission": False}


class NotFound(ServiceError):
    code = "not_found"


class MethodNotAllowed(ServiceError):
    code = "method_not_allowed"  # `allow` are the methods that the path has (RFC 9110 10.2.1)

    def __init__(self, allow: Sequence[str]) -> None:
        super().__init__(f"This path answers {', '.join(allow)}.")
        self.allow = tuple(allow)


class Conflict(ServiceError):
    code = "conflict"


class TreatmentRelationshipConflict(Conflict):
    code = "treatment_relationship_conflict"


class OtherPatientOpen(Conflict):
    code = "other_patient_open"


class RateLimited(ServiceError):
    code = "rate_limited"  # `retry_after` is in seconds

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests: try again in {retry_after} seconds.")
        self.retry_after = retry_after


class Unavailable(ServiceError):
    """A part that is needed does not answer; nothing was decided. `retry_after`: in seconds; `undone`: for certain."""

    code = "unavailable"

    def __init__(self, part: str, *, retry_after: int = 1, private: str = "", undone: bool = False) -> None:
        super().__init__(f"The service cannot answer now: {part} is not available.", private=private)
        self.retry_after, self.undone = retry_after, undone


class InternalFault(ServiceError):
    code = "internal_error"  # our own mistakes (500): raised by nobody, rendered for every foreign exception


class OAuthError(ServiceError):
    """Errors that only the token endpoint has (RFC 6749 5.2)."""


class InvalidClient(OAuthError):
    code = "invalid_client"

    def __init__(self, *, scheme: str = "Bearer", private: str = "") -> None:
        super().__init__("Client authentication failed.", private=private)
        self.scheme = scheme  # to challenge with: Basic after Basic (RFC 6749 5.2), else Bearer


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"


class InvalidScope(OAuthError):
    code = "invalid_scope"


class SettingsError(Exception):
    """The service cannot start like this; the message is one sentence that says how to mend it."""
