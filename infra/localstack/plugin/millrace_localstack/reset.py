"""POST /_localstack/state/reset empties every loaded service (the open edition has the hooks, but not the route)."""

import json
import shutil
import time

from localstack.http import Response, route
from localstack.runtime import hooks
from localstack.state import AssetDirectory, StateVisitor


class Reset(StateVisitor):
    def visit(self, container):
        if isinstance(container, AssetDirectory):
            for child in container.path.glob("*"):
                shutil.rmtree(child, ignore_errors=True) if child.is_dir() else child.unlink(missing_ok=True)
        elif hasattr(container, "account_id_pattern") or type(container).__name__ == "AccountRegionBundle":
            container.reset()
        else:  # moto's BackendDict, whose own reset() would reset every service
            for account in list(container.values()):
                account.reset()


def reset_service(service):
    provider = service._provider
    for worker in getattr(provider, "esm_workers", {}).values():
        worker.stop_for_shutdown()
    service.lifecycle_hook.on_before_state_reset()
    service.accept_state_visitor(Reset())
    if service.name() == "s3":
        provider._storage_backend.close()
    service.lifecycle_hook.on_after_state_reset()


class ResetResource:
    @route("/_localstack/state/reset", methods=["POST"])
    def reset(self, request, **_):
        from localstack.services.plugins import SERVICE_PLUGINS

        started, errors = time.time(), {}
        loaded = [SERVICE_PLUGINS.get_service(name) for name in SERVICE_PLUGINS.list_loaded_services()]
        loaded.sort(key=lambda service: service.name() != "lambda")  # functions and pollers stop first
        for service in loaded:
            try:
                reset_service(service)
            except Exception as error:
                errors[service.name()] = repr(error)
        report = {
            "reset": [service.name() for service in loaded],
            "errors": errors,
            "ms": int((time.time() - started) * 1000),
        }
        return Response(json.dumps(report), status=500 if errors else 200, mimetype="application/json")


@hooks.on_infra_start()
def add_reset_route():
    from localstack.services.internal import get_internal_apis

    get_internal_apis().add(ResetResource())
