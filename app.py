"""Client Connect: the table of contents. What each part does stands in its own file under chalicelib/."""

from chalicelib.handlers import (
    api,
    api_erasing,
    api_webhooks,
    arrivals,
    assets,
    callbacks,
    connect,
    console,
    console_forms,
    disconnect,
    mail_events,
    notices,
    receipts,
    revocations,
    schedules,
    signing,
    streams,
    webhooks,
)
from chalicelib.handlers.edge import Application, with_current_settings

app = Application(app_name="client-connect", debug=False)
app.register_middleware(with_current_settings, "http")

# Owners: landing page, consent, start, the apps' callbacks, the outcome, "this wasn't me".
app.register_blueprint(connect.blueprint)
app.register_blueprint(callbacks.blueprint)
app.register_blueprint(arrivals.blueprint)
app.register_blueprint(receipts.blueprint)

# The apps' own servers: uninstalled, and what people ask about their data.
app.register_blueprint(notices.blueprint)

# Admins: signing in and out, the console's pages, and what its forms do.
app.register_blueprint(signing.blueprint)
app.register_blueprint(console.blueprint)
app.register_blueprint(console_forms.blueprint)
app.register_blueprint(disconnect.blueprint)

# The accounting platform: JSON, described by /v1/openapi.json.
app.register_blueprint(api.blueprint)
app.register_blueprint(api_webhooks.blueprint)
app.register_blueprint(api_erasing.blueprint)

# The operator's logo.
app.register_blueprint(assets.blueprint)

# No request at all: the core table's stream, what SES says of our letters, grants to give back, events for webhooks,
# and the clock.
app.register_blueprint(streams.blueprint)
app.register_blueprint(mail_events.blueprint)
app.register_blueprint(revocations.blueprint)
app.register_blueprint(webhooks.blueprint)
app.register_blueprint(schedules.blueprint)
