"""``make run``: the product and all that it needs, until Ctrl-C."""

import os
import signal
import sys
import time

from chalicelib.settings import SettingsRefused
from local import ports, seed, state

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    # A closed terminal and `kill` end a run as Ctrl-C does; SIGINT too, which a shell's background jobs ignore.
    for name in _ENDING:
        signal.signal(name, signal.default_int_handler)
    try:
        where = ports.chosen()
    except (ports.PortTaken, ports.NoPort) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        _run(where)
    except SettingsRefused as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
    return 0


def _run(where: ports.Ports) -> None:
    # After the ports: a taken one should be told at once, and these take a second to load.
    from local.stack import Stack

    stack = Stack(where, say=_say)
    try:
        stack.start()
        state.write(where.web, stack.run())
        _say(_summary(stack.run()))
        _wait_for_parent()
    finally:
        # Ctrl-C reaches make and this process, sometimes twice: the second must not interrupt the stopping.
        for name in _ENDING:
            signal.signal(name, signal.SIG_IGN)
        state.remove(where.web)
        stack.stop()


def _wait_for_parent() -> None:
    """Until whoever started this is gone: a run must not outlive a make or a test that was killed."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)


def _summary(run: state.Run) -> str:
    return f"""
Ready.

  Console         {run.base_url}/sign-in
                  sign in as {" or ".join(seed.ADMINS)}; the letter is in the inbox
  Connect link    {run.connect_url}
                  what a business owner opens, without an account
  Inbox           {run.inbox_url}
                  every letter of this run; none leaves this machine
  Events          {run.inbox_url}/webhooks
                  every event, as the accounting platform's own webhook would receive it
  Simulated apps  {run.simulators_url}
  API             {run.base_url}/v1/…   `make token` in another terminal prints a token

Ctrl-C stops everything. Requests, by route:
"""


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
