"""The claims of a launch token as a tutorial of pydantic would write them down."""

from pydantic import BaseModel, Field, field_validator


class Professional(BaseModel):
    """Who launches."""

    firstname: str
    lastname: str
    email: str


class Patient(BaseModel):
    """Whose record is open."""

    bsn: str = Field(pattern=r"^\d{8,9}$")

    @field_validator("bsn")
    @classmethod
    def passes_the_11_test(cls, bsn: str) -> str:
        """Refuse what is no BSN."""
        weighed = sum(int(digit) * weight for digit, weight in zip(bsn.zfill(9)[:8], range(9, 1, -1), strict=True))
        if (weighed - int(bsn[-1])) % 11:
            raise ValueError("no BSN")
        return bsn.zfill(9)


class LaunchClaims(BaseModel):
    """What a launch token says."""

    sub: str = Field(min_length=1, max_length=255)
    jti: str = Field(min_length=1, max_length=256)
    iat: int
    exp: int
    treatment_relationship_id: str = Field(alias="treatmentRelationshipId", min_length=1, max_length=255)
    professional: Professional = Field(alias="profInfo")
    patient: Patient = Field(alias="patientInfo")
