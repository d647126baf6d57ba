"""Services that the open edition leaves out but moto has: `serverless remove` asks ecr; kafka is MSK's control plane."""

from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.plugins import Service, aws_provider


def from_moto(name):
    from localstack.services.moto import _proxy_moto

    spec = load_service(name)
    return Service(name=name, skeleton=Skeleton(spec, {operation: _proxy_moto for operation in spec.operation_names}))


@aws_provider(api="ecr")
def ecr():
    return from_moto("ecr")


@aws_provider(api="kafka")
def kafka():
    return from_moto("kafka")
