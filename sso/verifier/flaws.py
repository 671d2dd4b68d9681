"""What can be wrong with a token before its signature has verified, each by a word that stays.

The caller of a launch is told none of them: until the signature all refusals look the same. The log has the word, and
`mending` says to the company itself, when it asks for a diagnosis, what to do about it.
"""

from enum import StrEnum


class Flaw(StrEnum):
    """Why a token was refused that nobody we know is shown to have signed."""

    TOKEN_TOO_LARGE = "token_too_large"
    HEADER_TOO_LARGE = "header_too_large"
    NOT_THREE_SEGMENTS = "not_three_segments"
    NOT_BASE64URL = "not_base64url"
    HEADER_NOT_JSON = "header_not_json"
    HEADER_PARAMETER = "header_parameter"
    HEADER_VALUE = "header_value"
    OTHER_TYP = "other_typ"
    OTHER_ALG = "other_alg"
    PAYLOAD_NOT_JSON = "payload_not_json"
    ISS_NOT_TEXT = "iss_not_text"
    NOT_A_COMPANY_ID = "not_a_company_id"
    NO_SUCH_COMPANY = "no_such_company"
    NO_SIGNER_NAMED = "no_signer_named"
    NO_FITTING_KEY = "no_fitting_key"
    BAD_SIGNATURE = "bad_signature"
