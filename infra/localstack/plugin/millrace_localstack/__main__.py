"""Runs LocalStack 4.13 on the host, bound to loopback only."""

import _thread
import hashlib
import threading
import uuid

from twisted.internet import endpoints


class Lock:
    """localstack.packages.api evaluates `Lock | None`; before Python 3.13 threading.Lock is a function, not a type."""

    def __new__(cls):
        return _thread.allocate_lock()


def uuid5(namespace, name, _uuid5=uuid.uuid5):
    """LocalStack's KMS passes bytes, which uuid5 takes from Python 3.12 on."""
    if isinstance(name, bytes):
        return uuid.UUID(bytes=hashlib.sha1(namespace.bytes + name).digest()[:16], version=5)
    return _uuid5(namespace, name)


if not isinstance(threading.Lock, type):
    threading.Lock, uuid.uuid5 = Lock, uuid5


class LoopbackEndpoint(endpoints.TCP4ServerEndpoint):
    """LocalStack's Twisted server drops the host of GATEWAY_LISTEN and would bind every interface."""

    def __init__(self, reactor, port, backlog=50, interface="127.0.0.1"):
        super().__init__(reactor, port, backlog, interface)


endpoints.TCP4ServerEndpoint = LoopbackEndpoint

from localstack.runtime.main import main  # noqa: E402  (after the patches)

main()
