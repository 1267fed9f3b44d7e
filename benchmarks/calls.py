"""Calls per operation, beside their budgets."""

import re

from benchmarks.meter import Bill
from benchmarks.operations import Operation, operations
from benchmarks.report import Cell, Section
from benchmarks.stage import Stages

HEAD = ("operation", "DynamoDB", "budget", "", "KMS", "SES", "app", "RCU", "WCU", "in order")
NOTE = """Warm: the second time each. DynamoDB's calls follow each other; KMS, SES and the app (its token and account
endpoints) come on top. Capacity is worked out by AWS's rules from the items' sizes, because moto answers with
constants: strongly consistent reads, transactions twice, indexes once, what a refused write costs included."""


def section(stages: Stages) -> Section:
    """Every operation measured."""
    found = [(operation, measured(stages, operation)) for operation in operations()]
    over = [
        f"{operation.name}: {bill.count('dynamodb')} DynamoDB calls of {len(bill.calls)}, budget {operation.budget}"
        for operation, bill in found
        if is_over(operation, bill)
    ]
    return Section(title="Calls per operation", note=NOTE, head=HEAD, rows=[_row(*pair) for pair in found], over=over)


def measured(stages: Stages, operation: Operation) -> Bill:
    """What the operation costs, warm."""
    with stages() as stage:
        operation.ready(stage)()
        return stage.measured(operation.ready(stage))


def is_over(operation: Operation, bill: Bill) -> bool:
    """Whether it makes more calls than the design allows."""
    counted = ((operation.most, bill.count("dynamodb")), (operation.all, len(bill.calls)), (operation.apps, bill.apps))
    return any(most is not None and count > most for most, count in counted)


def _row(operation: Operation, bill: Bill) -> list[Cell]:
    return [
        operation.name,
        bill.count("dynamodb"),
        operation.budget,
        "OVER" if is_over(operation, bill) else "",
        bill.count("kms") or None,
        bill.count("sesv2") or None,
        bill.apps or None,
        bill.read or None,
        bill.written or None,
        _shortened(bill.operations),
    ]


def _shortened(operations: str) -> str:
    """A call, or a pair of calls, that repeats is named once."""
    return re.sub(r"\b(\w+(?:, \w+)??)((?:, \1\b)+)", _times, operations)


def _times(match: re.Match[str]) -> str:
    count = 1 + match[2].count(f", {match[1]}")
    return f"({match[1]}) ×{count}" if "," in match[1] else f"{match[1]} ×{count}"
