"""What wakes somebody, and what they look at then. docs/operating.md has a remedy for each alarm."""

import json
from collections.abc import Iterator
from typing import Any

from deploy.functions import FUNCTIONS

NAMESPACE = "ClientConnect"
_MINUTE = 60
QUEUES = ("StreamFailures", "MailEventFailures", "RevocationFailures", "WebhookFailures")
"""Where what nobody could do ends up."""

type Dimensions = dict[str, Any]


def resources() -> Iterator[tuple[str, dict[str, Any]]]:
    """The topic, the alarms, the dashboard."""
    yield (
        "Alarms",
        {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "client-connect-${Stage}-alarms"}}},
    )
    yield (
        "AlarmLetters",
        {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasAlarmAddress",
            "Properties": {"TopicArn": {"Ref": "Alarms"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmAddress"}},
        },
    )
    yield from _alarms()
    yield "Dashboard", _dashboard()


def _alarms() -> Iterator[tuple[str, dict[str, Any]]]:
    for function in FUNCTIONS:
        who = {"FunctionName": {"Ref": function.name}}
        yield f"{function.name}Errors", _alarm("AWS/Lambda", "Errors", who)
        yield f"{function.name}Throttles", _alarm("AWS/Lambda", "Throttles", who)
    # The mapping gives up after six hours; letters are late long before.
    stream = {"FunctionName": {"Ref": "OnCoreChange"}}
    yield "StreamLate", _alarm("AWS/Lambda", "IteratorAge", stream, statistic="Maximum", above=5 * _MINUTE * 1000)
    for queue in QUEUES:
        name = {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}}
        yield f"{queue}Waiting", _alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible", name, statistic="Maximum")
    # By this the other alarms about letters live: a sweep that never runs says nothing of what is late.
    yield "SweepStopped", _alarm("AWS/Lambda", "Invocations", {"FunctionName": {"Ref": "Sweep"}}, below=1)
    keep_alive = {"FunctionName": {"Ref": "KeepAlive"}}
    yield "KeepAliveStopped", _alarm("AWS/Lambda", "Invocations", keep_alive, below=1, minutes=15)
    yield "EraseStopped", _alarm("AWS/Lambda", "Invocations", {"FunctionName": {"Ref": "Erase"}}, below=1, minutes=15)
    stage = {"stage": {"Ref": "Stage"}}
    yield "ServerErrors", _alarm(NAMESPACE, "server_errors", stage, above=5)
    yield "LettersLate", _alarm(NAMESPACE, "outbox_age", stage, statistic="Maximum", above=15 * _MINUTE)
    yield "LettersUnknown", _alarm(NAMESPACE, "letters_unknown", stage)
    yield "RecordsParked", _alarm(NAMESPACE, "parked", stage)
    yield "RefreshFailures", _alarm(NAMESPACE, "refresh_failed", stage, above=25)
    yield "RefreshLost", _alarm(NAMESPACE, "refresh_lost", stage)
    yield "ClientRejected", _alarm(NAMESPACE, "client_rejected", stage)
    yield "BreakerOpened", _alarm(NAMESPACE, "breaker_opened", stage)
    yield "GrantsLate", _alarm(NAMESPACE, "grants_late", stage, statistic="Maximum", above=6 * 60 * _MINUTE)
    yield "ErasuresLate", _alarm(NAMESPACE, "erasure_age", stage, statistic="Maximum", above=60 * _MINUTE)
    # The owner has to be told by a person: the app still lists our access.
    yield "RevocationsGivenUp", _alarm(NAMESPACE, "revocations_given_up", stage)
    # SES reviews an account from 5 % bounces and 0.1 % complaints.
    yield "Bounces", _alarm("AWS/SES", "Reputation.BounceRate", {}, statistic="Maximum", above=0.02)
    yield "Complaints", _alarm("AWS/SES", "Reputation.ComplaintRate", {}, statistic="Maximum", above=0.0005)


def _alarm(
    namespace: str,
    metric: str,
    dimensions: Dimensions,
    *,
    statistic: str = "Sum",
    above: float = 0,
    below: float = 0,
    minutes: int = 5,
) -> dict[str, Any]:
    """Rings above a number; or below one, and then when there is none at all."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Statistic": statistic,
            "Period": minutes * _MINUTE,
            "EvaluationPeriods": 1,
            "Threshold": below or above,
            "ComparisonOperator": "LessThanThreshold" if below else "GreaterThanThreshold",
            "TreatMissingData": "breaching" if below else "notBreaching",
            "AlarmActions": [{"Ref": "Alarms"}],
            "OKActions": [{"Ref": "Alarms"}],
        },
    }


def _dashboard() -> dict[str, Any]:
    shown = (
        ("Connections", [_own("connected"), _own("connection_failed"), _own("disconnected")]),
        ("Letters", [_own("letters_sent"), _own("letters_retry"), _own("letters_unknown"), _own("letters_failed")]),
        ("Oldest letter or event that waits (seconds)", [_own("outbox_age", "Maximum")]),
        ("Apps' answers (milliseconds)", [_own("provider_latency", "p50"), _own("provider_latency", "p99")]),
        ("Webhooks", [_own("webhooks_taken"), _own("webhooks_not_taken"), _own("events_unpublished")]),
        ("Renewals", [_own("refreshed"), _own("refresh_failed"), _own("client_rejected"), _own("needs_attention")]),
        ("Grant that waits longest to be kept alive (seconds)", [_own("grants_late", "Maximum")]),
        ("Errors", [["AWS/Lambda", "Errors", "FunctionName", f"${{{function.name}}}"] for function in FUNCTIONS]),
        ("Duration (milliseconds)", [["AWS/Lambda", "Duration", "FunctionName", "${APIHandler}", {"stat": "p99"}]]),
        (
            "Stream's age (milliseconds)",
            [["AWS/Lambda", "IteratorAge", "FunctionName", "${OnCoreChange}", {"stat": "Maximum"}]],
        ),
        (
            "Parked",
            [
                ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"${{{queue}.QueueName}}"]
                for queue in QUEUES
            ],
        ),
        ("SES's opinion of us", [["AWS/SES", "Reputation.BounceRate"], ["AWS/SES", "Reputation.ComplaintRate"]]),
    )
    widgets = [
        {
            "type": "metric",
            "x": 8 * (number % 3),
            "y": 6 * (number // 3),
            "width": 8,
            "height": 6,
            "properties": {
                "title": title,
                "metrics": metrics,
                "region": "${AWS::Region}",
                "period": 300,
                "stat": "Sum",
            },
        }
        for number, (title, metrics) in enumerate(shown)
    ]
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Fn::Sub": "client-connect-${Stage}"},
            "DashboardBody": {"Fn::Sub": json.dumps({"widgets": widgets})},
        },
    }


def _own(metric: str, statistic: str = "Sum") -> list[Any]:
    return [NAMESPACE, metric, "stage", "${Stage}", {"stat": statistic}]
