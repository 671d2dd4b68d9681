"""What a company sees and ends of its professionals' links and its treatment relationships, connected."""

from common.http.routing import Resource
from identity.professionals.links import Links
from identity.professionals.routes import ProfessionalEndpoints
from identity.professionals.store_sql import SqlLinks
from identity.relationships.administration import Administration
from identity.relationships.routes import RelationshipEndpoints
from identity.relationships.store_sql import SqlAdministration
from schemas.callers import CompanyAccess
from services.databases import IDENTITY_OWNER
from services.ground import Ground


def professional_routes(ground: Ground, access: CompanyAccess) -> list[Resource]:
    """Return the API of a company's professionals and treatment relationships."""
    database, audit, clock = ground.databases.identity, ground.databases.audit(IDENTITY_OWNER), ground.clock
    return [
        *ProfessionalEndpoints(Links(SqlLinks(database), audit, clock), access).routes(),
        *RelationshipEndpoints(Administration(SqlAdministration(database), audit, clock), access).routes(),
    ]
