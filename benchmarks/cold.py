"""One fresh process: ``python -m benchmarks.cold floor|import|rows|page [LINK]`` says how long it took and what it loaded."""

import sys
import time


def main() -> None:
    """The clock (of the CPU: others may be busy) starts before anything of ours is imported, and the modules are looked at when it has stopped."""
    what, started = sys.argv[1], time.process_time()
    if what == "floor":
        import chalice  # noqa: F401 - it is the import that is timed
    else:
        import app

        if what == "rows":
            started = time.process_time()
            import chalicelib.providers.catalogue  # noqa: F401 - what it adds to app is what is timed
        if what == "page":
            answer = app.app(_event(sys.argv[2]), None)
            assert answer["statusCode"] == 200, answer["statusCode"]
    seconds = time.process_time() - started
    import json

    print(json.dumps({"seconds": seconds, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))


def _event(link: str) -> dict[str, object]:
    """A landing page's request, as API Gateway hands it over."""
    return {
        "requestContext": {
            "resourcePath": "/c/{link}",
            "httpMethod": "GET",
            "path": f"/c/{link}",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "headers": {"accept": "text/html"},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"link": link},
        "body": None,
        "isBase64Encoded": False,
        "stageVariables": None,
    }


if __name__ == "__main__":
    main()
