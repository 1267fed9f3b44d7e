"""The simulated apps as tests and the local run use them."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from .apps import ALL
from .model import Client, Hit, IssuedToken, Misbehaviour
from .server import Server
from .state import State
from .web import web


class Simulators:
    """The apps' OAuth and API servers on one port of this machine."""

    def __init__(self, clients: Mapping[str, Client], port: int = 0) -> None:
        unknown = set(clients) - {app.id for app in ALL}
        if unknown:
            raise ValueError(f"No simulated app is called {', '.join(sorted(unknown))}")
        self._state = State()
        self._apps = [app(self._state, clients.get(app.id)) for app in ALL]
        self._wanted_port = port
        self._server: Server | None = None

    def start(self) -> Self:
        if self._server is None:
            self._state.stopping.clear()
            self._server = Server(web(self._apps, self._state), self._wanted_port)
        return self

    def stop(self) -> None:
        """Stop, and let go of the requests that hang or drip."""
        server, self._server = self._server, None
        if server is not None:
            self._state.stopping.set()
            server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("The simulators are not running")
        return f"http://127.0.0.1:{self._server.port}"

    def simulated(self, real_url: str) -> str:
        """Where an app's real address is simulated. Templates like {tenant} stay."""
        if not real_url.startswith("https://"):
            raise ValueError("A real address begins with https://")
        return f"{self.url}/{real_url.removeprefix('https://')}"

    @property
    def hits(self) -> list[Hit]:
        with self._state.lock:
            return list(self._state.hits)

    def count(self, app: str, endpoint: str) -> int:
        return sum(hit.app == app and hit.endpoint == endpoint for hit in self.hits)

    def misbehave(self, app: str, endpoint: str, how: Misbehaviour, times: int = 1, to: str = "") -> None:
        """The next requests of this app's endpoint go wrong in this way. Several calls queue up."""
        self._state.plan(app, endpoint, how, times, to)

    def install(self, app: str, *, account: str = "", url: str = "") -> str:
        """A seller begins at the app's side: the address of ours that the app opens then.

        :param account: whose, by its id; without it, the first of the app's accounts. For Shopify a shop's domain.
        :param url: the address that the app has of us for this (its launch, login or site URL); without it, the
            callback. BigCommerce and Ecwid, which bring a code, know the callback only.
        :raises ValueError: if nothing can begin at this app, or the account is not its.
        """
        found = next(one for one in self._apps if one.id == app)
        return found.arrival(account, url or (found.client.redirect_uri if found.client else ""))

    def tokens(self, app: str) -> list[IssuedToken]:
        return self._state.issued(app)

    def enable(self, app: str, account_id: str) -> None:
        """What an app does out of band before an account answers: Uber Eats, once a store has been given to us."""
        self._state.mark(app, account_id)

    def pass_time(self, seconds: float) -> None:
        """Let codes and tokens grow older."""
        with self._state.lock:
            self._state.ahead += seconds

    def reset(self) -> None:
        self._state.reset()
