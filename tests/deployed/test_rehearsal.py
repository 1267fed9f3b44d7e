"""The very package that ships, deployed by CloudFormation, does the main job through its API Gateway."""

from chalicelib.handlers.edge import SECURITY_HEADERS
from tests.deployed.owners import ask, books, connect, link
from tests.deployed.rehearsal import Rehearsal


def test_the_main_job(stack: Rehearsal) -> None:
    acme = books(stack)
    assert acme.link.startswith(f"{stack.prefix}/c/{acme.id}~")
    ask(stack, acme)
    letter = stack.letter(acme.olive, "Square")
    assert letter["CC"] == [acme.pat]
    assert f"{stack.origin}{acme.link}/square?i=" in letter["BodyText"]

    assert "is connected to Acme Coffee LLC" in connect(stack, acme.link)
    for admin in (acme.pat, acme.sam):
        assert "Square" in stack.letter(admin, "connected")["Subject"]
    [connection] = stack.call("GET", f"/entities/{acme.id}/connections").json
    assert connection["app"] == "square"

    new = stack.call("POST", f"/entities/{acme.id}/link/regenerate").json["url"].removeprefix(stack.origin)
    assert stack.visitor().get(acme.link).status == 404
    assert stack.visitor().get(new).status == 200
    assert link(stack, acme.id) == new


def test_an_admin_signs_in_and_out(stack: Rehearsal) -> None:
    """Redirects and cookies under the stage's prefix."""
    acme = books(stack)
    pat = stack.visitor()
    pat.get(f"{stack.prefix}/sign-in")
    pat.submit("/sign-in", email=acme.pat)
    letter = stack.letter(acme.pat, "ign")
    address = next(word for word in letter["BodyText"].split() if word.startswith(f"{stack.base_url}/sign-in/"))
    pat.get(address)
    pat.submit()
    assert "Acme Coffee LLC" in pat.page.text
    pat.get(f"{stack.prefix}/entities/{acme.id}")
    pat.submit("/sign-out")
    assert pat.get(f"{stack.prefix}/entities/{acme.id}").status == 401


def test_pages_carry_the_headers(stack: Rehearsal) -> None:
    """Threat 13. On pages, redirects and errors alike."""
    acme = books(stack)
    owner, paths = (
        stack.visitor(),
        (acme.link, f"{acme.link}/square", f"{stack.prefix}/c/x~y", f"{stack.prefix}/sign-in"),
    )
    for path in (*paths, f"{stack.prefix}/entities/{acme.id}", f"{stack.prefix}/callback/square?state=x"):
        headers = owner.get(path).headers
        assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS, path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_the_deploy_says_where_things_are(stack: Rehearsal) -> None:
    assert stack.outputs["Pages"] == stack.base_url
    assert stack.outputs["ApiUrl"].endswith("/live")


def test_the_sweep_runs_by_the_clock(stack: Rehearsal) -> None:
    """EventBridge invokes it; nothing is due, so it only looks. The other rules keep grants alive, and erase."""
    name = stack.functions()["Sweep"]["FunctionName"]
    answer = stack.emulator.client("lambda").invoke(
        FunctionName=name,
        Payload=b'{"source":"aws.events","detail-type":"Scheduled Event","detail":{},"resources":[],"account":"000000000000","region":"us-east-1","time":"2026-01-01T00:00:00Z","id":"1","version":"0"}',
    )
    assert "FunctionError" not in answer
    rules = stack.emulator.client("events").list_rules()["Rules"]
    assert sorted(rule["ScheduleExpression"] for rule in rules) == [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(5 minutes)",
    ]
