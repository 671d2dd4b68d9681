"""The page of an error: what happened, and what the person can do next."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from common import errors
from common.errors import ServiceError
from common.http.frames import is_framed
from common.http.problems import headers_of, row_of
from common.http.security import content_security_policy
from website.pages import Pages
from website.translations import translatable

_TRY_AGAIN: Final = "Go back and try again. If it goes wrong again, tell your help desk the reference number."
_NEXT: Final[Mapping[type[ServiceError], str]] = {
    errors.ServiceError: _TRY_AGAIN,
    errors.InvalidInput: "Go back, check what you filled in, and try again.",
    errors.MalformedBody: _TRY_AGAIN,
    errors.TreatmentRelationshipUnknown: "Start again from your EHR, and open the patient there.",
    errors.TokenRejected: "Start again from your EHR. If it goes wrong again, tell the administrator of your EHR.",
    errors.TokenExpired: "Start again from your EHR: each start is good for a few minutes only.",
    errors.TokenReplayed: "Start again from your EHR: each start works once, and this one has been used.",
    errors.NotAuthenticated: "If you came from your EHR, start again there. If you are a patient, sign in again.",
    errors.SignInFailed: "Go to the first page and sign in again. If it goes wrong again, tell your help desk the "
    "reference number.",
    errors.PermissionDenied: "Go to the page where you came from, open it again, and try once more.",
    errors.NotFound: "Check the address, or start again from the first page.",
    errors.MethodNotAllowed: "Start again from the first page, or from your EHR.",
    errors.TreatmentRelationshipConflict: "Check in your EHR which patient is open, and start again there.",
    errors.OtherPatientOpen: "Close this tab, and go on in the tab that you opened last.",
    errors.RateLimited: "Wait a minute and try again.",
    errors.Unavailable: "Wait a moment and try again. Nothing was changed.",
    errors.InternalFault: "Try again later. If it goes wrong again, tell your help desk the reference number.",
}

_OWN_WINDOW: Final = translatable(
    "Ask the administrator of your EHR to have it open in a new window or a new tab. Then start again from your EHR."
)
_IN_A_FRAME: Final = {"Content-Security-Policy": content_security_policy(frame_ancestors="*")}
"""This page may be shown in a frame: it holds nothing, leads nowhere, and says why the page asked for may not.

Browsers that know `frame-ancestors` go by it and not by `X-Frame-Options` (CSP3 6.4.2).
"""


def error_page(request: Request, error: ServiceError, request_id: str, *, pages: Pages) -> Response:
    """Return the page of an error, with its status and headers."""
    row, framed = row_of(type(error)), is_framed(request)
    return pages.show(
        request,
        "error.html",
        row.status,
        headers={**headers_of(error), **(_IN_A_FRAME if framed else {})},
        heading=row.title,
        detail=error.detail,
        next_step=_OWN_WINDOW if framed else next_step(type(error)),
        framed=framed,
        launch_id=error.launch_id if isinstance(error, errors.TokenReplayed) else None,
        code=error.code,
        reference=request_id,
    )


def next_step(error: type[ServiceError]) -> str:
    """Return what a person can do after an error: the sentence of its class, or of its nearest ancestor."""
    return next(_NEXT[ancestor] for ancestor in error.__mro__ if ancestor in _NEXT)
