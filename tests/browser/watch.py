"""Hears what Chromium complains about: a breach of the security policy, a script's error, a part that did not load."""

import re
from collections.abc import Mapping

from playwright.sync_api import BrowserContext, ConsoleMessage, Response, WebError

_REPORTER = """addEventListener('securitypolicyviolation', e => heardViolation(
  `${e.effectiveDirective} forbids ${e.blockedURI} on ${location.pathname}`), true)"""
# The page itself said 403 or 404, as a test wanted; parts of a page are watched by their answers.
_ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of [45]\d\d")


class Watch:
    """The complaints of one test's contexts."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def over(self, context: BrowserContext, *, script: bool) -> None:
        """Listen to every page of the context, and of every site that it visits."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("response", self._response)
        if script:
            context.expose_binding("heardViolation", self._violation)
            context.add_init_script(_REPORTER)

    def forgive(self, *patterns: str) -> list[str]:
        """Drop what a test provoked, each pattern at least once; what was dropped."""
        dropped = [one for one in self.complaints if any(re.search(pattern, one) for pattern in patterns)]
        for pattern in patterns:
            assert any(re.search(pattern, one) for one in dropped), f"nobody complained of {pattern}"
        self.complaints = [one for one in self.complaints if one not in dropped]
        return dropped

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _ANSWERED.match(message.text):
            self.complaints.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error.message}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} for {response.url}")

    def _violation(self, _source: Mapping[str, object], what: str) -> None:
        self.complaints.append(f"security policy: {what}")
