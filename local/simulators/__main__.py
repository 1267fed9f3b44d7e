"""Run the simulated apps on their own: python -m local.simulators --port 9000 --clients clients.json.

The file: {"square": {"client_id": "...", "client_secret": "...", "redirect_uri": "...", "alias": ""}, ...}
"""

import argparse
import json
from pathlib import Path
from threading import Event

from .model import Client
from .simulators import Simulators


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.simulators")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--clients", type=Path, required=True, help="JSON file of the clients, by app")
    wanted = parser.parse_args()
    clients = {app: Client(**values) for app, values in json.loads(wanted.clients.read_text()).items()}
    with Simulators(clients, wanted.port) as simulators:
        print(f"Simulated apps at {simulators.url}/ – Ctrl-C stops them", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print("Stopped")


if __name__ == "__main__":
    main()
