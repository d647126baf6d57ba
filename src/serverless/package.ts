// What the plugin writes into the framework's own objects: functions, the role's statements, the template.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BUCKET, type Deployment, environmentOf, stateBucketRef, TABLE, tableRef } from './deployment.ts'
import type { CfnResource, FunctionConfig, IamStatement, ProviderConfig, Serverless } from './framework.ts'
import type { FunctionTarget } from './mappings.ts'
import { statementsOf } from './permissions.ts'
import { type PreparedJob, WORK_DIR } from './prepare.ts'
import { resourcesOf } from './resources.ts'
import { giveRoles } from './roles.ts'
import { STATE_FACTS, stateFacts } from './state-check.ts'

/** Gives every job's function its archive, handler and variables, and the role its permissions. */
export async function packageJobs(
  { service, serviceDir }: Pick<Serverless, 'service' | 'serviceDir'>,
  deployment: Deployment & { readonly jobs: readonly PreparedJob[] },
): Promise<void> {
  await mkdir(join(serviceDir, WORK_DIR), { recursive: true })
  for (const job of deployment.jobs) {
    const config = service.functions[job.functionName]
    if (!config) continue
    const artifact = join(serviceDir, WORK_DIR, `${job.functionName}.zip`)
    await writeFile(artifact, job.archive)
    config.package = { ...config.package, artifact, individually: true }
    config.handler = job.bundle.handler
    config.runtime = job.runtime
    config.timeout = job.timeout
    // CloudWatch keeps logs for ever unless it is told otherwise, and then they are what an idle job costs.
    config.logRetentionInDays ??= service.provider.logRetentionInDays ?? LOG_DAYS
    config.environment = {
      ...environmentOf(deployment, job),
      ...config.environment,
      NODE_OPTIONS: withSourceMaps(config, service.provider),
    }
  }
  const facts = deployment.jobs.map((job) => stateFacts(job, deployment.partitions, deployment.options))
  await writeFile(join(serviceDir, WORK_DIR, STATE_FACTS), JSON.stringify(facts))
  if (deployment.options.roles === 'service') addStatements(service.provider, statementsOf(deployment))
}

/** Adds resources and outputs to the template; the functions are in it already. */
export function addResources(serverless: Serverless, deployment: Deployment): void {
  const { service } = serverless
  const template = service.provider.compiledCloudFormationTemplate
  const { naming } = serverless.getProvider('aws')
  const roles =
    deployment.options.roles === 'job'
      ? giveRoles(template.Resources, deployment, (name) => naming.getLambdaLogicalId(name))
      : new Map<string, string>()
  const made = resourcesOf(deployment, (functionName) => targetOf(serverless, functionName, roles.get(functionName)))
  const theirs = Object.values(service.resources?.Resources ?? {})
  Object.assign(
    template.Resources,
    Object.fromEntries(Object.entries(made).filter(([, resource]) => !hasPolicy(resource, theirs))),
  )
  template.Outputs = {
    ...template.Outputs,
    [TABLE]: { Description: "Table of the jobs' state", Value: tableRef(deployment) },
    [BUCKET]: { Description: "Bucket for what is Millrace's own", Value: stateBucketRef(deployment) },
  }
}

/** A bucket takes one policy, and the user's own comes first. */
function hasPolicy({ Type, Properties }: CfnResource, theirs: readonly Partial<CfnResource>[]): boolean {
  if (Type !== 'AWS::S3::BucketPolicy') return false
  const bucket = JSON.stringify(Properties.Bucket)
  return theirs.some((their) => their.Type === Type && JSON.stringify(their.Properties?.Bucket) === bucket)
}

function targetOf(serverless: Serverless, functionName: string, own: string | undefined): FunctionTarget {
  const provider = serverless.getProvider('aws')
  const config = serverless.service.functions[functionName] ?? {}
  const { targetAlias: alias } = config
  const id = provider.naming.getLambdaLogicalId(functionName)
  const arn = { 'Fn::GetAtt': [id, 'Arn'] }
  // Lambda checks the role's permissions when a mapping is made.
  const role = own ?? provider.resolveFunctionIamRoleResourceName(config)
  return {
    name: { Ref: id },
    arn: alias ? { 'Fn::Join': [':', [arn, alias.name]] } : arn,
    dependsOn: [...(role === null ? [] : [role]), ...(alias ? [alias.logicalId] : [])],
  }
}

/** As long as somebody looks for what happened last month. */
const LOG_DAYS = 30

const SOURCE_MAPS = '--enable-source-maps'

function withSourceMaps({ environment }: FunctionConfig, provider: ProviderConfig): string {
  const given = environment?.NODE_OPTIONS ?? provider.environment?.NODE_OPTIONS
  if (typeof given !== 'string' || given === '') return SOURCE_MAPS
  return given.includes(SOURCE_MAPS) ? given : `${given} ${SOURCE_MAPS}`
}

/**
 * To the role that the framework makes for the service. A role of the user's own, for the service or for one function,
 * is left alone.
 */
function addStatements(provider: ProviderConfig, statements: readonly IamStatement[]): void {
  const role = provider.iam?.role
  if (provider.role !== undefined || typeof role === 'string' || (role && isIntrinsic(role))) return
  // The framework reads the older place only when the newer one is empty.
  const given = role?.statements ?? provider.iamRoleStatements ?? []
  provider.iam = { ...provider.iam, role: { ...role, statements: [...given, ...statements] } }
}

/** `{ Ref: … }` or `{ Fn::GetAtt: … }`: somebody else's role. */
function isIntrinsic(role: object): boolean {
  return Object.keys(role).some((name) => name === 'Ref' || name.startsWith('Fn::'))
}
