"""The pages people see: consent, and what was wrong with a request."""

from collections.abc import Mapping, Sequence

from flask import Response, render_template_string

from .model import Account

_STYLE = """
*{box-sizing:border-box}
body{margin:0;padding:1rem;background:#f4f5f7;color:#1b1f24;font:1rem/1.5 system-ui,sans-serif}
main{max-width:30rem;margin:1rem auto;padding:1.25rem;background:#fff;border:1px solid #6b7280;border-radius:.5rem}
h1{font-size:1.4rem;line-height:1.25;margin:.5rem 0 1rem}
.notice{margin:0;padding:.5rem .75rem;background:#fff4ce;border:1px solid #7a5b00;border-radius:.25rem}
code{overflow-wrap:anywhere}fieldset{margin:1rem 0;padding:.5rem 1rem;border:1px solid #6b7280}
label{display:flex;gap:.75rem;align-items:center;min-height:2.75rem}
input{width:1.25rem;height:1.25rem;flex:none}
button{display:block;width:100%;min-height:2.75rem;margin:.5rem 0;font:inherit;font-weight:600;
border:2px solid #1d4ed8;border-radius:.375rem;background:#fff;color:#1d4ed8}
button.allow{background:#1d4ed8;color:#fff}
button:focus-visible,input:focus-visible{outline:3px solid #1b1f24;outline-offset:2px}
"""

_LAYOUT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} – Simulated {{ app }}</title><style>{{ style|safe }}</style></head>
<body><main><p class="notice"><strong>Simulated {{ app }}</strong> — this is not {{ app }}</p>
<h1>{{ title }}</h1>
BODY
</main></body></html>"""

_CONSENT = """{% if scopes %}<p>It asks for:</p>
<ul>{% for scope in scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>{% endif %}
<form method="post" action="{{ action }}">
<fieldset><legend>Account to connect</legend>
{% for account in accounts %}<label><input type="radio" name="account" value="{{ account.id }}" required
{%- if loop.first %} checked{% endif %}><span>{{ account.name }}<br><code>{{ account.id }}</code></span></label>
{% endfor %}</fieldset>
<button class="allow" type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="cancel" formnovalidate>Cancel</button>
</form>"""

_BACK = """<form method="post" action="{{ action }}">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<button class="allow" type="submit">Go back</button>
</form>"""

_WRONG = """<p>The request to connect is wrong:</p><p><strong>{{ problem }}</strong></p>"""


def _page(body: str, status: int, **values: object) -> Response:
    html = render_template_string(_LAYOUT.replace("BODY", body), style=_STYLE, **values)
    response = Response(html, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    )
    # The address holds the state, which is nobody else's business.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def consent(app: str, client_id: str, scopes: Sequence[str], accounts: Sequence[Account], action: str) -> Response:
    title = f"Connect {client_id} to {app}?"
    return _page(_CONSENT, 200, app=app, title=title, scopes=scopes, accounts=accounts, action=action)


def post_back(app: str, url: str, fields: Mapping[str, str]) -> Response:
    """A form that leads back by POST (OAuth 2.0 Form Post Response Mode), with a button in place of a script."""
    return _page(_BACK, 200, app=app, title="Connected", action=url, fields=fields)


def wrong(app: str, problem: str) -> Response:
    return _page(_WRONG, 400, app=app, title="This will not work", problem=problem)
