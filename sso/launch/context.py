"""What a launch shows: who, at which company, which patient, with the permission as it is now and a fresh token."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from schemas.bodies import LaunchCompany, LaunchContext, LaunchDossier, LaunchPatient, LaunchProfessional
from schemas.identifiers import CompanyPseudoniem
from schemas.profiles import LAUNCH
from schemas.pseudoniem import company_form
from sso.issuer.issue import IssuedToken, TokenIssuer
from sso.launch.flow import Launch
from sso.launch.ports import Dossiers
from sso.verifier.trust import Signer


@dataclass(frozen=True, slots=True)
class LaunchContexts:
    """Makes launch contexts."""

    dossiers: Dossiers
    issuer: TokenIssuer
    registration_address: Callable[[Launch], str | None]

    async def of(
        self, launch: Launch, company: Signer, now: datetime, *, until: datetime | None = None
    ) -> LaunchContext:
        """Return the context of a launch as it is now; its access token lasts no longer than `until`.

        Raises Unavailable.
        """
        seen = company_form(launch.pseudoniem, launch.company_id) if launch.pseudoniem else None
        issued = self._access_token(launch, seen, now, until)
        return LaunchContext(
            launch_id=launch.launch_id,
            company=LaunchCompany(company_id=launch.company_id, company_name=company.company_name),
            professional=LaunchProfessional(
                account_id=launch.account_id,
                sub=launch.sub,
                status=launch.status,
                registration_url=self.registration_address(launch),
            ),
            patient=LaunchPatient(pseudoniem=seen) if seen else None,
            treatment_relationship_id=launch.treatment_relationship_id,
            dossier=await self._dossier(launch),
            access_token=issued.token if issued else None,
            expires_in=issued.expires_in if issued else None,
        )

    async def _dossier(self, launch: Launch) -> LaunchDossier | None:
        if launch.pseudoniem is None:
            return None
        return await self.dossiers.for_launch(launch.company_id, launch.pseudoniem)

    def _access_token(
        self, launch: Launch, seen: CompanyPseudoniem | None, now: datetime, until: datetime | None
    ) -> IssuedToken | None:
        if launch.account_id is None:
            return None
        claims = {
            "sub": str(launch.account_id),
            "client_id": str(launch.company_id),
            "launch_id": launch.launch_id,
            "pseudoniem": seen,
            "treatment_relationship_id": launch.treatment_relationship_id,
        }
        return self.issuer.issue(LAUNCH, claims, now, until=until)
