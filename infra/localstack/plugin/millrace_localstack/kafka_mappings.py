"""Event source mappings of MSK and self-managed Kafka: accepted and kept, not polled.

`millrace poller` plays the event source: it reads the mappings with ListEventSourceMappings and invokes the function. So
all that is needed here is that a mapping comes back as it was given, in the state it was put into. LocalStack's own
worker would poll in a thread and would write its state late: after an update, its old worker marks the mapping Disabled.
"""

from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.runtime import hooks as runtime_hooks
from localstack.services.lambda_ import hooks
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState, EsmStateReason
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider_utils import get_function_version_from_arn

SELF_MANAGED, MSK = "SelfManagedKafkaEventSourceConfig", "AmazonManagedKafkaEventSourceConfig"

# CloudFormation may update these as well, but LocalStack's provider of the resource does not pass them on.
FORGOTTEN_BY_UPDATE = ["ProvisionedPollerConfig", "MetricsConfig", "KMSKeyArn", SELF_MANAGED, MSK]


def is_kafka(mapping) -> bool:
    return "SelfManagedEventSource" in mapping or ":kafka:" in mapping.get("EventSourceArn", "")


@hooks.set_event_source_config_defaults()
def set_defaults(parameters, request, service):
    """Checks a new mapping and adds what AWS adds, such as a consumer group named after the mapping."""
    if not is_kafka(request):
        return
    normalize_endpoints(request)
    if len(request.get("Topics", [])) != 1:
        refuse("A Kafka event source mapping takes exactly one topic in Topics.")
    position = request.get("StartingPosition")
    if position not in ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"):
        refuse("StartingPosition must be TRIM_HORIZON, LATEST or AT_TIMESTAMP for a Kafka event source mapping.")
    if (position == "AT_TIMESTAMP") != ("StartingPositionTimestamp" in request):
        refuse("StartingPositionTimestamp goes with StartingPosition AT_TIMESTAMP, and with no other.")
    parameters.update(
        {
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 0,
            "DestinationConfig": {"OnFailure": {}},
            "LastProcessingResult": EsmStateReason.NO_RECORDS_PROCESSED,
            MSK if service == "kafka" else SELF_MANAGED: {"ConsumerGroupId": parameters["UUID"]},
        }
    )


def normalize_endpoints(request):
    """The API says KAFKA_BOOTSTRAP_SERVERS, CloudFormation KafkaBootstrapServers."""
    endpoints = request.get("SelfManagedEventSource", {}).get("Endpoints", {})
    if servers := endpoints.pop("KafkaBootstrapServers", None):
        endpoints["KAFKA_BOOTSTRAP_SERVERS"] = servers
    if "SelfManagedEventSource" in request and not endpoints.get("KAFKA_BOOTSTRAP_SERVERS"):
        refuse("SelfManagedEventSource needs Endpoints with KAFKA_BOOTSTRAP_SERVERS.")


def refuse(message):
    raise InvalidParameterValueException(message, Type="User")


class KeptMapping:
    """Stands in for LocalStack's EsmWorker: the same methods, no thread, and every state is reached at once."""

    def __init__(self, mapping, enabled):
        self.mapping, self.enabled = mapping, enabled
        self.current_state = mapping.get("State", EsmState.CREATING)
        self.state_transition_reason = EsmStateReason.USER_ACTION
        function = get_function_version_from_arn(mapping["FunctionArn"]).id
        self.store = lambda_stores[function.account][function.region].event_source_mappings

    @property
    def uuid(self):
        return self.mapping["UUID"]

    def create(self):
        self.current_state = EsmState.ENABLED if self.enabled else EsmState.DISABLED
        kept = self.store[self.uuid]
        kept.pop("Enabled", None)
        kept["State"] = self.current_state

    def stop(self):
        """An update has replaced this worker; the new one has the say now."""

    def stop_for_shutdown(self):
        """Nothing runs."""

    def delete(self):
        self.store.pop(self.uuid, None)


@runtime_hooks.on_infra_start()
def keep_kafka_mappings():
    from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
    from localstack.services.lambda_.resource_providers.aws_lambda_eventsourcemapping import (
        LambdaEventSourceMappingProvider,
    )

    make_worker, update = EsmWorkerFactory.get_esm_worker, LambdaEventSourceMappingProvider.update

    def get_esm_worker(self):
        return KeptMapping(self.esm_config, self.enabled) if is_kafka(self.esm_config) else make_worker(self)

    def update_all(self, request):
        result = update(self, request)
        rest = {name: request.desired_state[name] for name in FORGOTTEN_BY_UPDATE if name in request.desired_state}
        if rest:
            request.aws_client_factory.lambda_.update_event_source_mapping(UUID=request.desired_state["Id"], **rest)
        return result

    EsmWorkerFactory.get_esm_worker = get_esm_worker
    LambdaEventSourceMappingProvider.update = update_all
