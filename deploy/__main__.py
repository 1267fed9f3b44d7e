"""`python -m deploy package | up STAGE | diff STAGE | reseal STAGE | teardown STAGE [--data delete-STAGE]`.

`python -m deploy replay STAGE --entity ID [--since TIME]`.
"""

import argparse
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy import data, packaging, preparing, resealing
from deploy.replay import Replay
from deploy.stack import Outputs, Stack
from deploy.stage import Refused, Stage, read


def main(arguments: list[str]) -> int:
    """The exit code: 1 when something is missing, which one line then names."""
    parser = argparse.ArgumentParser(prog="python -m deploy")
    parser.add_argument("command", choices=("package", "up", "diff", "reseal", "teardown", "replay"))
    parser.add_argument("stage", nargs="?", default="")
    parser.add_argument("--data", default="keep")
    parser.add_argument("--entity", default="")
    parser.add_argument("--since", default="")
    given = parser.parse_args(arguments)
    try:
        if given.command == "package":
            _package()
        elif given.command == "replay":
            stage = read(given.stage)
            Replay(boto3.session.Session(region_name=stage.region), stage, given.entity, print).run(given.since)
        else:
            _on_stage(given.command, read(given.stage), given.data)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refused: {error}", file=sys.stderr)
        return 1
    return 0


def _package() -> None:
    for file in packaging.build():
        print(f"{file.relative_to(packaging.ROOT)}: {file.stat().st_size / 1e6:.1f} MB")


def _on_stage(command: str, stage: Stage, fate: str) -> None:
    session = boto3.session.Session(region_name=stage.region)
    preparing.check_account(session, stage)
    stack = Stack(session, stage, print)
    if command == "up":
        _up(session, stage, stack)
    elif command == "diff":
        print("\n".join(stack.changes(*packaging.build())) or "Nothing would change.")
    elif command == "reseal":
        _reseal(session, stage, stack)
    else:
        _teardown(session, stage, stack, fate)


def _up(session: boto3.session.Session, stage: Stage, stack: Stack) -> None:
    if preparing.make_secret(session, stage):
        print(f"Made the secret {stage.secret}: put the apps' credentials into it (docs/operating.md).")
    _show(stack.up(*packaging.build()))
    for warning in preparing.mail_warnings(session, stage):
        print(f"Still to do: {warning}")


def _show(outputs: Outputs) -> None:
    pages = outputs["Pages"]
    print(f"Console:        {pages}/sign-in\nAPI:            {pages}/v1\nRedirect URIs:  {pages}/callback/{{app}}")
    if "DomainTarget" in outputs:
        print(f"DNS:            point the domain at {outputs['DomainTarget']}")


def _reseal(session: boto3.session.Session, stage: Stage, stack: Stack) -> None:
    if failed := resealing.of_stage(session, stage, stack.outputs(), print).run():
        raise Refused(f"{failed} could not be sealed anew and are as they were: docs/operating.md, Rotating keys")
    print("Run it again: when it finds nothing any more, nothing is left.")


def _teardown(session: boto3.session.Session, stage: Stage, stack: Stack, fate: str) -> None:
    if fate not in {"keep", f"delete-{stage.name}"}:
        raise Refused(f"To lose the data as well, say DATA=delete-{stage.name}")
    # Whoever took the stack down and kept the data may lose the data later.
    if fate == "keep" or stack.stands():
        stack.down()
    if fate == "keep":
        print("Kept, and taken over by the next deploy of this stage:", *data.left_behind(stage), sep="\n  ")
    else:
        data.delete(session, stage)
        print("The data is deleted; the KMS key goes in 30 days, until when KMS can still restore it.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
