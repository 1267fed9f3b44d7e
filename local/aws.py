"""AWS's stand-in (moto's server), and what the product expects to find there: a key, a sender, tables."""

import urllib.request
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.quick_moto import quicken
from local.servers import Served, one_at_a_time

REGION = "us-east-1"

quicken()


class LocalAws:
    """moto's server in this process. What it holds goes with it."""

    def __init__(self, port: int = 0) -> None:
        self._served = Served(one_at_a_time(DomainDispatcherApplication(create_backend_app)), port)
        self.url = self._served.url
        # moto's state belongs to the process: what an earlier one left must not show.
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")).close()

    def environment(self) -> Mapping[str, str]:
        """What makes every AWS client of this process talk to the stand-in, and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A client of the stand-in, whatever the environment says."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def new_key(self) -> str:
        """A KMS key's id."""
        key: str = self.client("kms").create_key(Description="grants")["KeyMetadata"]["KeyId"]
        return key

    def verify_sender(self, mail_from: str) -> None:
        """SES refuses senders it does not know."""
        self.client("sesv2").create_email_identity(EmailIdentity=parseaddr(mail_from)[1])

    def stop(self) -> None:
        """Stop it; everything it held is gone."""
        self._served.stop()
