"""Which form the caller would rather have (RFC 9110 12.5.1)."""


def prefers_page(accept: str) -> bool:
    """Return whether `Accept` ranks text/html above application/json; equal, absent or unreadable is no."""
    return _quality(accept, "text/html") > _quality(accept, "application/json")


def _quality(accept: str, media_type: str) -> float:
    major = media_type.partition("/")[0]
    specificity = {media_type: 3, f"{major}/*": 2, "*/*": 1}
    best, quality = 0, 0.0
    for element in accept.lower().split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        rank = specificity.get(name, 0)
        if rank > best:
            best, quality = rank, _weight(parameters)
    return quality


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
