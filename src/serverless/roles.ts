// A role per job: what one job may do, the others of its service may not. Each is the framework's own role, with all that the framework and the
// user have given it (logs, VPC, tracing, statements), and what this job needs besides. Pure, but for the template that it changes.

import type { Deployment } from './deployment.ts'
import type { CfnResource, CfnValue, IamStatement } from './framework.ts'
import { logicalId } from './names.ts'
import { statementsOf } from './permissions.ts'

/** The framework's role of the service. A function that has another one was given it by the user, and keeps it. */
const SHARED = 'IamRoleLambdaExecution'

export function roleId(functionName: string): string {
  return logicalId(functionName, 'MillraceRole')
}

/**
 * Gives every job's function a role of its own.
 *
 * @param functionId the logical id of a function.
 * @returns the role's logical id by the function's name; a function that keeps the user's is not in it.
 */
export function giveRoles(
  resources: Record<string, CfnResource>,
  deployment: Deployment,
  functionId: (functionName: string) => string,
): ReadonlyMap<string, string> {
  const shared = resources[SHARED]
  const given = new Map<string, string>()
  if (!shared) return given
  for (const job of deployment.jobs) {
    const own = resources[functionId(job.functionName)]
    if (!own || !isShared(own.Properties.Role)) continue
    const id = roleId(job.functionName)
    resources[id] = roleOf(shared, statementsOf({ ...deployment, jobs: [job] }))
    resources[functionId(job.functionName)] = {
      ...own,
      Properties: { ...own.Properties, Role: { 'Fn::GetAtt': [id, 'Arn'] } },
    }
    given.set(job.functionName, id)
  }
  return given
}

function isShared(role: CfnValue | undefined): boolean {
  return JSON.stringify(role) === JSON.stringify({ 'Fn::GetAtt': [SHARED, 'Arn'] })
}

/** Without the name, which the other role has. */
function roleOf(
  { Properties: { RoleName: _, ...shared }, ...rest }: CfnResource,
  statements: readonly IamStatement[],
): CfnResource {
  const policies = Array.isArray(shared.Policies) ? shared.Policies : []
  const own = {
    PolicyName: 'millrace',
    PolicyDocument: { Version: '2012-10-17', Statement: statements.map((one) => ({ ...one })) },
  }
  return { ...rest, Properties: { ...shared, Policies: [...policies, own] } }
}
