"""CloudFormation's DeletionPolicy: Retain (and RetainExceptOnCreate, once created): LocalStack 4.13 deletes all the same."""

from localstack.runtime import hooks


@hooks.on_infra_start()
def keep_retained():
    from localstack.services.cloudformation.engine.v2.change_set_model_executor import ChangeSetModelExecutor
    from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent

    execute = ChangeSetModelExecutor._execute_resource_action

    def execute_or_keep(self, action, logical_resource_id, *args, part_of_replacement=False, **kwargs):
        removed = getattr(action, "value", action) == "Remove" and not part_of_replacement
        if removed and policy_of(self._change_set.stack, logical_resource_id).startswith("Retain"):
            return ProgressEvent(status=OperationStatus.SUCCESS, resource_model={})
        return execute(
            self, action, logical_resource_id, *args, part_of_replacement=part_of_replacement, **kwargs
        )

    ChangeSetModelExecutor._execute_resource_action = execute_or_keep


def policy_of(stack, resource):
    """Of the template that the stack has now: what is removed is not in the new one."""
    template = getattr(stack, "template", None) or {}
    return str(template.get("Resources", {}).get(resource, {}).get("DeletionPolicy", "Delete"))
