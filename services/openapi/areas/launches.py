"""A launch, and the browser session that it opens."""

from typing import Final

from common import errors
from common.http.body import FORM
from schemas.bodies import (
    DiagnosedStep,
    DiagnosisAnswer,
    DiagnosisRequest,
    LaunchCompany,
    LaunchContext,
    LaunchDossier,
    LaunchPatient,
    LaunchProfessional,
    LaunchRequest,
    Permission,
)
from schemas.scopes import Scope
from schemas.steps import Step, taken
from services.openapi import examples
from services.openapi.operation import Body, Caller, Operation, Parameter, Reply
from services.openapi.shapes import LaunchForm
from sso.verifier.flaws import Flaw
from sso.verifier.mending import FLAWS

_ASKED: Final = {"token": examples.TOKEN, "clientId": str(examples.COMPANY)}
_CONTEXT: Final = LaunchContext(
    launch_id=examples.LAUNCH,
    company=LaunchCompany(company_id=examples.COMPANY, company_name=examples.COMPANY_NAME),
    professional=LaunchProfessional(account_id=examples.ACCOUNT, sub="profID1241", status="linked"),
    patient=LaunchPatient(pseudoniem=examples.PSEUDONIEM),
    treatment_relationship_id="1532",
    dossier=LaunchDossier(dossier_id=examples.DOSSIER, permission=Permission.APPROVED),
    access_token=examples.TOKEN,
    expires_in=900,
)
_UNKNOWN_KEY: Final = FLAWS[Flaw.NO_FITTING_KEY]
_DIAGNOSIS: Final = DiagnosisAnswer(
    accepted=False,
    steps=[
        DiagnosedStep(step=one.step, ok=one.ok, detail=one.detail)
        for one in taken(Step, {_UNKNOWN_KEY.step: _UNKNOWN_KEY.sentence}, _UNKNOWN_KEY.step)
    ],
)
_LAUNCH: Final = Parameter("launchId", "query", str, "The launch that the caller means", str(examples.LAUNCH))

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/sso/launch",
        summary="Launch with a professional's SSO token, which is spent by it",
        caller=Caller.ANYONE,
        bodies=[Body(LaunchForm, _ASKED, FORM), Body(LaunchRequest, _ASKED)],
        replies=[
            Reply(200, "The launch", _CONTEXT),
            Reply(
                303,
                "The same for a caller that prefers text/html: to the page of the launch, with a session",
                headers=["Location", "Set-Cookie"],
            ),
        ],
        errors=[
            errors.TokenRejected,
            errors.ClaimRejected,
            errors.TokenExpired,
            errors.TokenReplayed,
            errors.PermissionDenied,
            errors.TreatmentRelationshipConflict,
            errors.TreatmentRelationshipUnknown,
            errors.RateLimited,
        ],
    ),
    Operation(
        method="POST",
        path="/sso/diagnose",
        summary="Ask what a launch with a token of the company's own would answer, step by step; nothing is spent",
        caller=Caller.COMPANY,
        scope=Scope.SSO_ISSUE,
        bodies=[Body(DiagnosisRequest, {"token": examples.TOKEN})],
        replies=[Reply(200, "The steps, up to the first that fails", _DIAGNOSIS)],
    ),
    Operation(
        method="GET",
        path="/sso/continue",
        summary="Go on with a launch whose token was posted twice; errors are pages",
        caller=Caller.BROWSER,
        wire="page",
        parameters=[_LAUNCH],
        replies=[Reply(303, "To the page of the launch", headers=["Location"])],
    ),
    Operation(
        method="GET",
        path="/sso/session",
        summary="Show the launch that this browser has open, as it is now",
        caller=Caller.BROWSER,
        replies=[Reply(200, "The launch, with a fresh access token", _CONTEXT)],
    ),
    Operation(
        method="DELETE",
        path="/sso/session",
        summary="End the session; with launchId only if that launch is the one that is open",
        caller=Caller.BROWSER,
        parameters=[_LAUNCH],
        replies=[Reply(204, "Ended", headers=["Set-Cookie"])],
        errors=[errors.OtherPatientOpen],
    ),
)
