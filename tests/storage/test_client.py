from chalicelib.outbound import aws
from chalicelib.storage.models import tables
from tests.support.world import World


def test_all_tables_share_one_client_made_from_the_session_of_all_clients(world: World) -> None:
    """PynamoDB would make a client for each of them, each from a session that reads AWS's data files anew."""
    clients = {id(model._get_connection().connection.client) for model in tables()}
    assert clients == {id(aws.client("dynamodb", attempts=3))}


def test_a_call_of_aws_gives_up_in_time(world: World) -> None:
    """Three tries of seven seconds are inside API Gateway's 29."""
    config = aws.client("dynamodb", attempts=3).meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries == {"total_max_attempts": 3, "mode": "standard"}
