"""One of each kind of error that a caller can meet, for the examples."""

from typing import Final

from common import errors
from common.errors import Fault

SAMPLES: Final = (
    errors.MalformedBody("The body is not JSON in UTF-8."),
    errors.DuplicateParameter("A member of the JSON body is given twice."),
    errors.UnknownHost("This service does not answer to that host name."),
    errors.BodyTooSlow("The body did not arrive within 10 seconds."),
    errors.BodyTooLarge("A body has at most 65536 bytes."),
    errors.UnsupportedMediaType("Send the body as application/json, in UTF-8."),
    errors.InvalidInput("The request breaks a rule; `errors` says where and which.", [Fault("/bsn", "bsn")]),
    errors.KeyRejected("size", "An RSA key has 2048 to 4096 bits."),
    errors.JwksUriRejected("no_keys", "None of the keys behind the URL can be taken.", [(0, "size")]),
    errors.SecretRejected("too_many", "There are 2 secrets already: revoke one of them first."),
    errors.TreatmentRelationshipUnknown("There is no such treatment relationship."),
    errors.TokenRejected(""),
    errors.ClaimRejected("sub", "blank"),
    errors.TokenExpired("The token is too old."),
    errors.TokenReplayed("The token has been used before."),
    errors.NotAuthenticated("The access token is not valid.", error="invalid_token"),
    errors.SignInFailed("Your identity provider has not told us who you are."),
    errors.PermissionDenied("The access token lacks the scope dossier:read.", scope="dossier:read"),
    errors.ConsentMissing("The patient has not approved sharing for this company."),
    errors.NotFound("There is no such dossier."),
    errors.MethodNotAllowed(["GET", "HEAD"]),
    errors.Conflict("The company is suspended: resume it instead."),
    errors.TreatmentRelationshipConflict("This treatment relationship is with another patient."),
    errors.OtherPatientOpen("Another launch is open in this browser. Close this tab, or launch again."),
    errors.RateLimited(17),
    errors.Unavailable("the database"),
    errors.InternalFault("The fault is on our side, and it has been logged under this request id."),
    errors.InvalidClient(scheme="Basic"),
    errors.UnsupportedGrantType("The only grant type here is client_credentials."),
    errors.InvalidScope("The scopes are: dossier:read dossier:write permission:read sso:issue keys:manage."),
)
