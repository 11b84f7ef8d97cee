"""What is known of calls of requests, whatever library makes the request instead.

`arguments` says how they are given, `combinations` which there are, `mappings` and `values` how one is sent;
`assigned` and `statements` where the response goes, `handling` and `parts` what is done with it; `exceptions`,
`caught` and `elsewhere` what becomes of handlers; `client` what a library in requests' place brings.
"""

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")

FUNCTIONS = frozenset({*(f"requests.{verb}" for verb in VERBS), "requests.request"})
"""The calls that may have a native form."""

METHODS = frozenset(f"requests.Session.{verb}" for verb in (*VERBS, "request"))
"""Those that are made with a session."""
