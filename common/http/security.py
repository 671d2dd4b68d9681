"""The security headers, on every response (contract, section 1)."""


def content_security_policy(**directives: str) -> str:
    """Return the policy that every page has, with `directives` (say `form_action`) replaced."""
    policy = {
        "default_src": "'none'",
        "style_src": "'self'",
        "img_src": "'self'",
        "form_action": "'self'",
        "base_uri": "'none'",
        "frame_ancestors": "'none'",
        **directives,
    }
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in policy.items())


SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": content_security_policy(),
    "Cache-Control": "no-store",
}
"""What a response has unless it says otherwise itself."""

STRICT_TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"
