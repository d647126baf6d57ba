"""Runs Node.js functions as child processes, without Docker: LocalStack's runtime executor `node`."""

import json
import logging
import os
import shutil
import tempfile
import time
from pathlib import Path

from localstack import config
from localstack.aws.api.lambda_ import RequestTooLargeException
from localstack.runtime import hooks
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor
from millrace_localstack.function_process import Ended, FunctionProcess

LOG = logging.getLogger(__name__)
RUNTIME = Path(__file__).with_name("runtime.mjs")
HOST = "127.0.0.1"

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB each way; the answer has 100 bytes more.
LARGEST_REQUEST = 6 * 1024 * 1024
LARGEST_RESPONSE = LARGEST_REQUEST + 100

# The first byte of a frame from runtime.mjs.
READY, INIT_FAILED, ANSWER, ERROR = b"R", b"I", b"A", b"E"


def node_of(runtime: str) -> str:
    """The binary for a runtime: nodejs24.x runs on MILLRACE_NODEJS24_X."""
    binary = os.environ.get(f"MILLRACE_{runtime.replace('.', '_').upper()}")
    if not binary:
        raise LambdaRuntimeException(f"This LocalStack runs nodejs22.x and nodejs24.x, not {runtime}")
    return binary


class NodeExecutor(RuntimeExecutor):
    process: FunctionProcess | None = None
    folder: str | None = None

    def start(self, env_vars):
        function = self.function_version.config
        node = node_of(function.runtime or "container images")
        code = str(function.code.get_unzipped_code_location())
        self.folder = tempfile.mkdtemp(prefix="function-")
        self.env = {name: str(value) for name, value in env_vars.items()} | {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "TMPDIR": self.folder,  # /tmp of an environment is its own
            "LAMBDA_TASK_ROOT": code,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        }
        # As on AWS, the heap is bounded by the memory of the function, so that one too small for its work fails here as well.
        heap = f"--max-old-space-size={function.memory_size * 9 // 10}"
        self.command, self.code = [node, heap, "--enable-source-maps", str(RUNTIME)], code
        self._initialize()

    def _initialize(self):
        """Starts the process and loads the handler: a cold start."""
        started = time.monotonic()
        self.process = process = FunctionProcess(self.command, self.code, self.env)
        try:
            frame = process.exchange([], config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT)
            if frame[:1] == READY:
                self.init_ms = (time.monotonic() - started) * 1000
                return
            error = frame[1:]
        except Ended as end:
            error = error_of("Runtime.ExitError", f"Error: Runtime exited with error: {end.how}")
        except TimeoutError:
            error = error_of("Sandbox.Timedout", f"Error: Init timed out after {time.monotonic() - started:.2f} seconds")
        LOG.warning("%s failed to start:\n%s", self.function_version.qualified_arn, process.take_logs())
        self._discard()
        raise StatusErrorException("Environment startup failed", payload=error)

    def invoke(self, payload):
        if self.process and self.process.has_ended():  # between two invocations
            self._discard()
        if not self.process:
            self._initialize()
        process, function, request = self.process, self.function_version.config, payload["invoke-id"]
        started = time.time()
        head = {
            "id": request,
            "arn": payload["invoked-function-arn"],
            "trace": payload["trace-id"],
            "deadline": (started + function.timeout) * 1000,
        }
        earlier, late = process.take_logs(), ""  # of its start, or of what went on after the last answer
        process.thaw()
        try:
            frame = process.exchange([json.dumps(head).encode(), payload["payload"].encode()], function.timeout)
            failed, body = frame[:1] == ERROR, frame[1:]
            if len(body) > LARGEST_RESPONSE:
                failed, body = True, error_of(
                    "Function.ResponseSizeTooLarge",
                    f"Response payload size exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes).",
                )
            process.freeze()
        except Ended as end:
            failed, body = True, error_of(
                "Runtime.ExitError", f"RequestId: {request} Error: Runtime exited with error: {end.how}"
            )
            self._discard()
        except TimeoutError:
            late = f"Task timed out after {function.timeout:.2f} seconds"
            failed, body = True, error_of("Sandbox.Timedout", f"RequestId: {request} Error: {late}")
            self._discard()
        logs = self._report(request, process.take_logs(), late, time.time() - started)
        return InvocationResult(request, body, is_error=failed, logs=earlier + logs)

    def _report(self, request, lines, late, seconds):
        memory = self.function_version.config.memory_size
        init, self.init_ms = self.init_ms, None
        report = [
            f"REPORT RequestId: {request}",
            f"Duration: {seconds * 1000:.2f} ms",
            f"Billed Duration: {int(seconds * 1000) + 1} ms",
            f"Memory Size: {memory} MB",
            f"Max Memory Used: {memory} MB",
            *([f"Init Duration: {init:.2f} ms"] if init is not None else []),
        ]
        start = f"START RequestId: {request} Version: {self.function_version.id.qualifier}\n"
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        timeout = f"{moment}Z {request} {late}\n\n" if late else ""
        return f"{start}{lines}{timeout}END RequestId: {request}\n" + "\t".join(report) + "\t\n"

    def _discard(self):
        process, self.process = self.process, None
        if process:
            process.kill()

    def stop(self):
        self._discard()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def get_logs(self):
        return ""

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass


class NodeExecutorPlugin(RuntimeExecutorPlugin):
    name = "node"

    def load(self, *args, **kwargs):
        return NodeExecutor


def error_of(kind, message):
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


@hooks.on_infra_start()
def limit_payloads():
    """LocalStack takes requests of any size; AWS refuses those above 6 MB before the function sees them."""
    from localstack.services.lambda_.invocation.lambda_service import LambdaService

    invoke = LambdaService.invoke

    def limited(self, *args, payload=None, **kwargs):
        if payload is not None and len(payload) > LARGEST_REQUEST:
            raise RequestTooLargeException(
                f"Request must be smaller than {LARGEST_REQUEST} bytes for the InvokeFunction operation"
            )
        return invoke(self, *args, payload=payload, **kwargs)

    LambdaService.invoke = limited
