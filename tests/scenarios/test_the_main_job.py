"""From an EHR's signed token to the patient's dossier and consent."""

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.world import World


async def test_a_launch_opens_the_dossier_with_the_permission_as_it_is(world: World) -> None:
    company = await world.company()
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    claims = world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}, treatmentRelationshipId="1532")

    answer = await company.launch(company.ehr.sign(claims))

    assert answer.status_code == 200, answer.text
    context = answer.json()
    assert context["professional"]["status"] == "created"
    assert context["patient"] == {"pseudoniem": dossier["pseudoniem"]}
    assert context["treatmentRelationshipId"] == "1532"
    assert context["dossier"] == {"dossierId": dossier["dossierId"], "permission": "pending"}
    assert context["expiresIn"] == 900
