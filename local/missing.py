"""What is answered to an address that no route has: deployed, API Gateway's gateway responses; here, the product's page."""

from collections.abc import Mapping

type Answer = tuple[Mapping[str, str], str]


def not_found(path: str) -> Answer:
    """Headers and body of a 404: JSON for programs, a page for people."""
    from chalicelib import wiring
    from chalicelib.handlers import edge

    is_api = path.partition("?")[0].startswith("/v1/")
    answer = (edge.problem_json if is_api else edge.problem_page)(404, "not_found")
    policy = {"Content-Security-Policy": wiring.renderer().content_security_policy}
    headers = {**edge.SECURITY_HEADERS, **policy, **answer.headers}
    return {name: str(value) for name, value in headers.items()}, str(answer.body)
