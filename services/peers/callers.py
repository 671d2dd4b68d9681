"""Which service of ours may ask what: each for its own work, and no other."""

from starlette.requests import Request

from common.errors import PermissionDenied
from common.http.bearer import bearer_token
from schemas.callers import InternalAccess


async def require_service(access: InternalAccess, request: Request, *names: str) -> str:
    """Return which of these services asks. Raises NotAuthenticated or PermissionDenied."""
    name = await access.internal(bearer_token(request))
    if name not in names:
        raise PermissionDenied(f"This is answered to {' and '.join(names)} alone.", bearer=True)
    return name
