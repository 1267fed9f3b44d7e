"""The house's rules, so that nobody has to remember them."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import app
from chalicelib import errors
from chalicelib.domain import LetterKind
from chalicelib.handlers.edge import PROBLEMS
from tests.support.visitor import FORM
from tests.support.world import World

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "chalicelib"
TEMPLATES = ROOT / "templates"
SOURCES = sorted([ROOT / "app.py", *PACKAGE.rglob("*.py")])

# Which way imports point: from a lower number to a higher one. Neighbours on one floor do not know each other,
# but for the ground floor, where the nouns and the tools stand.
FLOORS = (
    {"app"},
    {"handlers"},
    {"wiring"},
    {"services", "storage"},
    {"providers", "outbound"},
    {"domain", "errors", "settings", "variables", "keys", "logs", "rendering", "i18n", "colours", "qr", "icons"},
)
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}
GROUND = len(FLOORS) - 1

ONLY_IN = {
    "chalice": {"app", "handlers"},
    "pynamodb": {"storage"},
    "boto3": {"outbound"},
    "jinja2": {"rendering"},
    "oauthlib": {"providers"},
}
"""Libraries that one part of the house keeps to itself."""
BOTOCORE = {"storage", "outbound"}
FOREIGN = {"local", "tests", "benchmarks", "pytest", "moto", "authlib", "hypothesis"}
VENDORS = {
    "shopify": "shopifyapi",
    "stripe": "stripe",
    "intuitlib": "intuit-oauth",
    "xero_python": "xero-python",
    "standardwebhooks": "standardwebhooks",
}
"""The vendors' own libraries, which tests compare ours with, by the packages that they come in."""

# Every route and what guards it. A route that is not here fails the tests, and so does one that has gone.
#   anyone      no guard, and nothing to guard
#   form        same origin
#   link        the connect link's own MAC, then its nonce
#   receipt     the MAC of the link in an owner's receipt
#   state       the attempt's state and the browser's cookie
#   posted      stores nothing, or parks keys for a pending state that whoever posts knows
#   notice      what the app's own server signs
#   arrival     what the app signs, where it signs; binds nothing to anybody
#   browser     the cookie of the browser that made the attempt
#   session     a signed-in admin; a POST also from our own page, with the form's token
#   token …     a bearer token with this scope
ROUTES = {
    "GET /": "anyone",
    "GET /logo": "anyone",
    "GET /icons.svg": "anyone",
    "GET /sign-in": "anyone",
    "POST /sign-in": "form",
    "GET /sign-in/{token}": "anyone",
    "HEAD /sign-in/{token}": "anyone",
    "POST /sign-in/{token}": "form",
    "POST /sign-out": "session",
    "GET /c/{link}": "link",
    "HEAD /c/{link}": "link",
    "GET /c/{link}/{app}": "link",
    "HEAD /c/{link}/{app}": "link",
    "POST /c/{link}/{app}": "form, link",
    "GET /callback/{app}": "state",
    "POST /callback/{app}": "posted",
    "GET /install/{app}": "arrival",
    "POST /install/{app}": "form",
    "GET /arrived/{app}": "anyone",
    "GET /webhooks/{app}": "notice",
    "POST /webhooks/{app}": "notice",
    "GET /not-me/{receipt}": "receipt",
    "HEAD /not-me/{receipt}": "receipt",
    "POST /not-me/{receipt}": "form, receipt",
    "GET /attempts/{attempt}": "browser",
    "POST /attempts/{attempt}": "form, browser",
    "GET /entities": "session",
    "GET /entities/{entity_id}": "session",
    "GET /entities/{entity_id}/available": "session",
    "GET /entities/{entity_id}/apps/{app}": "session",
    "POST /entities/{entity_id}/apps/{app}/connect": "session",
    "POST /entities/{entity_id}/apps/{app}/ask": "session",
    "POST /entities/{entity_id}/apps/{app}/wait": "session",
    "GET /entities/{entity_id}/connections/{connection_id}/disconnect": "session",
    "POST /entities/{entity_id}/connections/{connection_id}/disconnect": "session",
    "GET /entities/{entity_id}/client-connect": "session",
    "GET /entities/{entity_id}/client-connect/regenerate": "session",
    "POST /entities/{entity_id}/client-connect/regenerate": "session",
    "GET /entities/{entity_id}/history": "session",
    "POST /entities/{entity_id}/write-again": "session",
    "GET /entities/{entity_id}/members": "session",
    "POST /entities/{entity_id}/members": "session",
    "POST /entities/{entity_id}/members/remove": "session",
    "GET /v1/openapi.json": "anyone",
    "GET /v1/apps": "token apps:read",
    "PUT /v1/entities/{entity_id}": "token entities:write",
    "GET /v1/entities/{entity_id}": "token entities:read",
    "GET /v1/entities/{entity_id}/link": "token links:read",
    "POST /v1/entities/{entity_id}/link/regenerate": "token links:write",
    "POST /v1/entities/{entity_id}/invitations": "token invitations:write",
    "GET /v1/entities/{entity_id}/invitations": "token invitations:read",
    "GET /v1/entities/{entity_id}/connections": "token connections:read",
    "DELETE /v1/entities/{entity_id}/connections/{connection_id}": "token connections:write",
    "GET /v1/entities/{entity_id}/connections/{connection_id}/credentials": "token credentials:read",
    "GET /v1/entities/{entity_id}/events": "token events:read",
    "PUT /v1/entities/{entity_id}/webhook": "token webhooks:write",
    "GET /v1/entities/{entity_id}/webhook": "token webhooks:read",
    "DELETE /v1/entities/{entity_id}/webhook": "token webhooks:write",
    "POST /v1/entities/{entity_id}/webhook/rotate": "token webhooks:write",
    "POST /v1/entities/{entity_id}/console-sessions": "token entities:write",
    "GET /v1/entities/{entity_id}/export": "token entities:export",
    "DELETE /v1/entities/{entity_id}": "token entities:erase",
    "GET /v1/erasures/{erasure_id}": "token entities:erase",
}
TRIGGERS = {"erase", "keep_alive", "on_core_change", "on_mail_event", "on_revocation", "on_webhook", "sweep"}

LONG_FILES = {
    "wiring.py": "the one place that joins things",
    "storage/models.py": "three tables, nothing else",
    "storage/rows.py": "each noun there and back",
}
LONGEST_FILE, LONGEST_FUNCTION = 200, 32


# Imports


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(file): file for file in SOURCES}


def _imported(file: Path) -> Iterator[str]:
    """Every module that the file imports, wherever in it, as a dotted name."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            ours = [name for name in names if name in MODULES]
            yield from ours or [str(node.module)]


def _part(module: str) -> str:
    """``handlers`` for ``chalicelib.handlers.api``."""
    return module.split(".")[1] if module.startswith("chalicelib.") else module


def test_every_file_stands_on_a_floor() -> None:
    assert {_part(module) for module in MODULES} - {"chalicelib"} == set(FLOOR)


def test_imports_point_down() -> None:
    wrong = [
        f"{module} imports {found}"
        for module, file in MODULES.items()
        for found in _imported(file)
        if found.startswith("chalicelib.") and not _allowed(_part(module), _part(found))
    ]
    assert wrong == []


def _allowed(importer: str, imported: str) -> bool:
    if importer == imported:
        return True
    above, below = FLOOR[importer], FLOOR[imported]
    return above < below or above == below == GROUND


def test_there_is_no_import_cycle() -> None:
    graph = {module: {found for found in _imported(file) if found in MODULES} for module, file in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


def test_libraries_stay_where_they_belong() -> None:
    allowed = ONLY_IN | {"botocore": BOTOCORE}
    wrong = [
        f"{module} imports {found}"
        for module, file in MODULES.items()
        for found in _imported(file)
        if _part(module) not in allowed.get(found.partition(".")[0], {_part(module)})
    ]
    assert wrong == []


def test_nothing_shipped_knows_the_local_run_or_the_tests() -> None:
    wrong = [
        f"{module} imports {found}"
        for module, file in MODULES.items()
        for found in _imported(file)
        if found.partition(".")[0] in FOREIGN
    ]
    assert wrong == []


def _packages(file: Path) -> Iterator[str]:
    """What the file imports from by an absolute name."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def test_vendors_libraries_are_for_tests_only() -> None:
    """Threat 36. One client makes all calls; nobody has looked at what theirs follow, wait for and keep."""
    elsewhere = (file for part in ("deploy", "local") for file in (ROOT / part).rglob("*.py"))
    wrong = [str(file.relative_to(ROOT)) for file in (*SOURCES, *elsewhere) if VENDORS.keys() & _packages(file)]
    assert wrong == []
    required = "".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-rehearsal.txt"))
    assert set(VENDORS.values()) & set(re.findall(r"^[a-z0-9-]+", required.lower(), re.MULTILINE)) == set()
    assert all(f"\n{name}==" in (ROOT / "requirements-dev.txt").read_text().lower() for name in VENDORS.values())


def test_what_is_imported_is_required() -> None:
    """The zip holds what requirements.txt names, and what that pulls in."""
    named = set(re.findall(r"^[A-Za-z0-9-]+", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    distributions = {
        "jwt": "pyjwt",
        "email_validator": "email-validator",
        "markupsafe": "jinja2",
        "urllib3": "requests",
    }
    used = {found.partition(".")[0] for file in SOURCES for found in _imported(file)}
    third = used - set(sys.stdlib_module_names) - {"chalicelib", "botocore"}
    assert {distributions.get(name, name) for name in third} <= {name.lower() for name in named} | {"chalice"}


# Importing the app


def _in_a_fresh_process(folder: Path, program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cold_start_imports_nothing_heavy() -> None:
    program = (
        "import sys, app; print(*sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'boto3', 'botocore', 'requests', 'urllib3', 'cryptography', 'jinja2', 'markupsafe', 'jwt', "
        "'email_validator', 'segno', 'pynamodb', 'oauthlib', 'local', 'tests', 'moto', 'authlib', 'flask'}))"
    )
    assert _in_a_fresh_process(ROOT, program).split() == []


def test_importing_needs_neither_settings_nor_aws(tmp_path: Path) -> None:
    """``chalice package`` imports the app where nothing is set."""
    shutil.copy(ROOT / "app.py", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    program = "import app; print(len(app.app.routes), *(source.name for source in app.app.event_sources))"
    count, *triggers = _in_a_fresh_process(tmp_path, program, AWS_DEFAULT_REGION="us-east-1").split()
    assert int(count) == len({route.split(" ")[1] for route in ROUTES})
    assert set(triggers) == TRIGGERS


# Routes


def _routes() -> dict[str, str]:
    """Each route with the guard that its decorators and its body say it has."""
    return {
        f"{method} {path}": _guard(entry.view_function)
        for path, methods in app.app.routes.items()
        for method, entry in methods.items()
    }


def _guard(view: object) -> str:
    module, name = view.__module__, view.__name__  # type: ignore[attr-defined]
    function = next(
        node for node in _tree(MODULES[module]).body if isinstance(node, ast.FunctionDef) and node.name == name
    )
    above = " ".join(ast.unparse(decorator) for decorator in function.decorator_list[1:])
    if scope := re.search(r"requires\(blueprint, '([a-z:]+)'\)", above):
        return f"token {scope[1]}"
    if "signed_in(blueprint)" in above:
        return "session"
    return _own_guard(ast.unparse(function), above, module)


def _own_guard(body: str, above: str, module: str) -> str:
    assert above == "pages" or "/v1/openapi.json" in body, f"{module}: errors of this route are no pages"
    signs = {
        "form": "check_same_origin(",
        "link": r"(links\(\)\.open|_consent|starting\(\)\.opened)\(",
        "receipt": r"receipts\(\)\.(open|disconnect)\(",
        "state": r"finishing\(\)\.finish\(",
        "browser": r"_own\(attempt\)",
        "notice": r"return _received\(app\)",
        "arrival": r"return arrived\(incoming",
        "posted": r"handing_over\(\)\.receive\(",
    }
    signs["form"] = re.escape(signs["form"])
    return ", ".join(name for name, sign in signs.items() if re.search(sign, body)) or "anyone"


def test_every_route_is_listed_with_its_guard() -> None:
    assert _routes() == ROUTES


def test_every_trigger_is_listed() -> None:
    assert {source.name for source in app.app.event_sources} == TRIGGERS


def test_forms_are_forms() -> None:
    """Threat 22. JSON, which a foreign page could send by script, never reaches a form's view."""
    forms = [
        entry.content_types
        for path, methods in app.app.routes.items()
        if not path.startswith(("/v1", "/webhooks"))
        for method, entry in methods.items()
        if method == "POST"
    ]
    keys = [FORM, "application/json"]  # an app's server posts keys as JSON to its callback
    assert sorted(forms) == sorted([[FORM]] * (len(forms) - 1) + [keys])


def _filled(route: str) -> tuple[str, str]:
    method, path = route.split(" ")
    return method, re.sub(r"\{(\w+)\}", lambda name: {"app": "square", "entity_id": "acme"}.get(name[1], "x"), path)


def _from_our_page(guard: str) -> bool:
    return guard not in {"posted", "notice"} and not guard.startswith("token")


def test_every_form_refuses_other_pages(world: World) -> None:
    """Threats 2, 22. Cross-site, same-site, a foreign origin, and a browser that says nothing: 403."""
    world.entity()
    admin = world.admin()
    foreign = (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "", "origin": "https://evil.example"},
        {"sec_fetch_site": "", "origin": "null"},
        {"sec_fetch_site": "", "origin": ""},
        {"sec_fetch_site": "cross-site", "origin": "https://connect.bookkeep.example"},
    )
    before = len(world.aws.calls)
    for route in (route for route, guard in ROUTES.items() if route.startswith("POST /") and _from_our_page(guard)):
        for headers in foreign:
            assert (admin.post(_filled(route)[1], "", **headers).status, route) == (403, route)
    assert world.aws.calls[before:] == []


def test_every_console_form_wants_its_token(world: World) -> None:
    """Threat 22. A session's cookie alone changes nothing."""
    world.entity()
    admin, other = world.admin(), world.admin()
    other.get("/entities/acme/members")
    foreign = other.page.forms[-1].fields["csrf"]
    events = world.events()
    for route in (route for route, guard in ROUTES.items() if guard == "session" and route.startswith("POST")):
        for token in ("", "x", foreign, "é"):
            assert (admin.post(_filled(route)[1], {"csrf": token}).status, route) == (403, route)
    assert world.events() == events


def test_every_console_page_wants_a_session(world: World) -> None:
    """Threat 23. Without one the answer is the sign-in form, whether or not the entity exists."""
    world.entity()
    for route in (route for route, guard in ROUTES.items() if guard == "session"):
        method, path = _filled(route)
        visitor = world.visitor()
        answers = {
            (visitor.get(path) if method == "GET" else visitor.post(path)).status
            for path in (path, path.replace("acme", "nobody"))
        }
        assert (answers, route) == ({401}, route)


def test_every_api_call_wants_a_token_with_its_scope(world: World) -> None:
    """Threat 23. 401 without a token; 403 without the scope, before anything is read."""
    world.entity()
    scopes = {guard.removeprefix("token ") for guard in ROUTES.values() if guard.startswith("token")}
    platform = {scope: world.platform(*(scopes - {scope})) for scope in scopes}
    before = len(world.aws.calls)
    for route, guard in ROUTES.items():
        if guard.startswith("token"):
            method, path = _filled(route)
            body: object = None if method == "GET" else {}
            refused = platform[guard.removeprefix("token ")].request(method, path, body)
            nobody = platform["apps:read"].request(method, path, body, authorization="")
            assert (refused.status, nobody.status, route) == (403, 401, route)
            assert nobody.headers["Www-Authenticate"] == "Bearer"
    assert world.aws.calls[before:] == []


# Errors and words


def _all_errors(base: type[errors.ClientConnectError]) -> Iterator[type[errors.ClientConnectError]]:
    for error in base.__subclasses__():
        yield error
        yield from _all_errors(error)


def test_every_error_has_a_status_and_a_page() -> None:
    """``AttemptProblem`` and its kind name their pages themselves; the letters' verdicts end in the outbox."""
    elsewhere = {
        errors.AttemptProblem,
        errors.MixedUp,
        errors.StillComing,
        errors.MailRetry,
        errors.MailRejected,
        errors.MailUnknown,
    }
    assert set(PROBLEMS) == set(_all_errors(errors.ClientConnectError)) - elsewhere


def _texts(node: ast.AST | None) -> set[str]:
    """The texts that an expression may come to; what a condition compares with is none of them."""
    if isinstance(node, ast.IfExp):
        return _texts(node.body) | _texts(node.orelse)
    found = ast.walk(node) if node else ()
    return {child.value for child in found if isinstance(child, ast.Constant) and isinstance(child.value, str)}


def _causes() -> set[str]:
    """Every name of a problem that a page may be asked to explain. (The API's problems are JSON: the name is all.)"""
    found = {cause for _, cause in PROBLEMS.values()}
    for file in (file for file in SOURCES if file.name != "api_guard.py"):
        for node in ast.walk(_tree(file)):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).rpartition(".")[2]
                found |= _texts(node.args[0]) if name == "AttemptProblem" else set()
                found |= _texts(node.args[1]) if name == "problem_page" else set()
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                found |= _texts(node.value) if ast.unparse(target) in _CAUSE_NAMES else set()
    return {cause for cause in found if cause.isidentifier()}


_CAUSE_NAMES = {"cause", "_CHALICE_CAUSES", "CANCELLED", "REFUSED", "LINK_REPLACED", "SIGNED_OUT", "UNAVAILABLE"}


def test_every_cause_has_words() -> None:
    page = (TEMPLATES / "pages" / "problem.html").read_text("utf-8")
    worded = set(re.findall(r'^  "(\w+)": \(', page, re.MULTILINE))
    causes = _causes()
    assert {"expired", "cancelled", "link_replaced", "unfinished", "not_allowed"} <= causes, "the search works"
    assert causes - worded == set()


def test_every_letter_has_three_parts() -> None:
    letters = {folder.name: {part.name for part in folder.iterdir()} for folder in (TEMPLATES / "letters").iterdir()}
    assert letters == {kind.value: {"subject.txt", "body.txt", "body.html"} for kind in LetterKind}


def test_every_page_that_is_asked_for_exists() -> None:
    asked = set(re.findall(r'(?:\.page\(|_page\()\s*"(\w+)"', " ".join(file.read_text("utf-8") for file in SOURCES)))
    assert asked == {file.stem for file in (TEMPLATES / "pages").glob("*.html")}


def test_templates_travel_in_the_zip() -> None:
    """Chalice packages app.py, chalicelib/ and what vendor/ holds."""
    assert (ROOT / "vendor" / "templates").is_symlink()
    assert (ROOT / "vendor" / "templates").resolve() == TEMPLATES


# Shape


def test_the_table_of_contents_is_short() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) < 60


def test_files_are_short() -> None:
    long = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if len(file.read_text("utf-8").splitlines()) > LONGEST_FILE and file.parent.name != "catalogue"
    }
    assert long <= set(LONG_FILES)


def test_functions_are_short() -> None:
    long = [
        f"{_module(file)}.{node.name}"
        for file in SOURCES
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_no_table_is_ever_scanned() -> None:
    """A page must cost the same with ten entities and with ten thousand."""
    scans = [_module(file) for file in SOURCES if re.search(r"\bscan\(|\bScan\b", file.read_text("utf-8"))]
    assert scans == []


def test_patterns_match_wholly() -> None:
    """Threat 15. ``re.match("…$")`` lets a final newline through."""
    loose = [
        _module(file) for file in SOURCES if re.search(r"\bre\.(match|search)\(|\.match\(", file.read_text("utf-8"))
    ]
    assert loose == []


def test_nothing_prints() -> None:
    """Threat 25. What is said goes through the log, where it is looked at."""
    prints = [
        _module(file)
        for file in SOURCES
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "pprint", "traceback.print_exc"}
    ]
    assert prints == []


def test_the_log_is_handed_names_only() -> None:
    """Threat 25. ``log.exception`` would write messages, and messages may hold what a person typed.

    Whatever is logged goes through ``logs.event``, which looks at it; so no other file has a logger.
    """
    wrong = [
        _module(file)
        for file in SOURCES
        if re.search(r"log\.exception\(|exc_info", file.read_text("utf-8"))
        or ("getLogger" in file.read_text("utf-8") and file.name != "logs.py")
    ]
    assert wrong == []


def test_the_project_names_no_machine() -> None:
    """Paths of somebody's own machine do not belong into a project."""
    machine = re.compile(r"(?<![\w.:/-])/(home|Users|root|work)/\w+")
    found = [
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in _project_files()
        for match in machine.finditer(file.read_text("utf-8", "replace"))
    ]
    assert found == []


def _project_files() -> Iterator[Path]:
    skipped = {".git", ".venv", ".venv-rehearsal", ".local", "build", "vendor", "node_modules", "deployments"}
    text = {".py", ".md", ".txt", ".toml", ".json", ".html", ".css", ".js", ".sh", ".yml", ".yaml", ".cfg"}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in skipped and not name.endswith(("_cache", "__pycache__", ".hypothesis"))
        ]
        yield from (Path(folder) / name for name in files if Path(name).suffix in text or name == "Makefile")


# What the history relies on


def test_events_of_one_call_keep_their_order(world: World) -> None:
    """Ids carry the time, newest first; a call's own events come out in the order in which they were made."""
    emails = [f"admin-{number:02}@acme.example" for number in range(30)]
    assert world.platform().put("/v1/entities/acme", {"name": "Acme", "admins": emails}).status == 201
    events = world.platform().get("/v1/entities/acme/events?limit=100").json["items"]
    assert [event.get("detail") for event in reversed(events)] == ["Acme", *emails]
    assert all(newer["id"] < older["id"] for newer, older in pairwise(events))
