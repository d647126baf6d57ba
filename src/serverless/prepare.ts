// Before anything is packaged: bundle every job's function, let it tell what it runs, and check the whole.

import { join } from 'node:path'
import { InvalidOptionError } from '../errors/errors.ts'
import { KAFKA } from '../sources/kafka/kind.ts'
import type { MappingOptions } from '../sources/kafka/mapping.ts'
import type { Caller } from './aws-request.ts'
import { bundleHandler } from './bundle.ts'
import { checkDeployment } from './check-deployment.ts'
import { DEFAULT_TIMEOUT, type DeployedJob, type Deployment } from './deployment.ts'
import { describeJob, type JobDescription } from './describe.ts'
import type { FunctionConfig, ProviderConfig } from './framework.ts'
import type { KafkaCluster, PluginOptions } from './options.ts'
import { knownPartitions } from './partitions.ts'
import { foreseen } from './pseudo-parameters.ts'
import { readingsOf } from './sources.ts'

export interface ServiceFacts {
  readonly service: string
  readonly stage: string
  readonly region: string
  readonly serviceDir: string
  readonly provider: ProviderConfig
  readonly functions: Readonly<Record<string, FunctionConfig>>
  /** Whether it goes to an emulator, which asks for less than AWS. */
  readonly emulated: boolean
  /** Whether it is deployed right after; a package alone may be made where not everything is known yet. */
  readonly deploying: boolean
  /** Who deploys, for what is asked of AWS then. */
  readonly caller: Caller
}

/** A job with what packaging needs of its bundle. */
export interface PreparedJob extends DeployedJob {
  readonly runtime: string
  readonly archive: Uint8Array
  readonly bytes: number
  /** Whether DuckDB is in it. */
  readonly sql: boolean
}

export interface Prepared {
  readonly deployment: Deployment & { readonly jobs: readonly PreparedJob[] }
  /** What whoever deploys should know. */
  readonly warnings: readonly string[]
}

/** The framework's folder for what it packages; it clears it away. */
export const WORK_DIR = '.serverless'

/** Millrace uses zstd of node:zlib, which came with Node.js 22.15. */
const RUNTIMES = ['nodejs24.x', 'nodejs22.x']

/** @throws InvalidOptionError for what is wrong with options, handlers, or jobs among each other; TOPIC_MISSING while deploying. */
export async function prepareDeployment(facts: ServiceFacts, options: PluginOptions): Promise<Prepared> {
  const warnings: string[] = reachable(options.kafka, facts) ? [] : [UNREACHABLE]
  const jobs = await Promise.all(
    [...options.jobs].map(([functionName, mapping]) =>
      prepareJob(facts, functionName, mapping, options.sql.get(functionName)),
    ),
  )
  const { service, stage } = facts
  const draft = { service, stage, options, jobs, partitions: options.kafka.partitions }
  checkDeployment(draft)
  const topics = [
    ...new Set(
      readingsOf(jobs)
        .get(KAFKA.name)
        ?.map(({ feed }) => feed),
    ),
  ]
  const { counts, warning } = await knownPartitions(options.kafka, topics, {
    ...(facts.deploying && { caller: facts.caller }),
  })
  if (warning !== undefined) warnings.push(warning)
  return { deployment: { ...draft, partitions: counts }, warnings }
}

async function prepareJob(
  { serviceDir, region, provider, functions }: ServiceFacts,
  functionName: string,
  mapping: MappingOptions,
  sql: boolean | undefined,
): Promise<PreparedJob> {
  const where = `custom.millrace.jobs.${functionName}`
  const {
    handler,
    runtime = provider.runtime ?? 'nodejs24.x',
    architecture,
    timeout,
    environment,
  } = functions[functionName] ?? {}
  if (handler === undefined) {
    throw new InvalidOptionError(`${where} has no handler. Write one here, or in functions.${functionName}.`)
  }
  if (!RUNTIMES.includes(runtime)) {
    throw new InvalidOptionError(
      `functions.${functionName}.runtime: Millrace runs on ${RUNTIMES.join(' and ')}, not ${runtime}.`,
    )
  }
  const outDir = join(serviceDir, WORK_DIR, 'millrace', functionName)
  const bundle = await bundleHandler({
    ...{ handler, serviceDir, outDir, runtime },
    architecture: (architecture ?? provider.architecture) === 'arm64' ? 'arm64' : 'x86_64',
    ...(sql !== undefined && { sql }),
  })
  const variables = textsOf({ ...provider.environment, ...environment }, region)
  const job: JobDescription = await describeJob(where, handler, bundle, variables)
  return {
    functionName,
    job,
    mapping,
    runtime,
    timeout: timeout ?? provider.timeout ?? DEFAULT_TIMEOUT,
    bundle: { hash: bundle.hash, handler: bundle.handler },
    archive: bundle.archive,
    bytes: bundle.bytes,
    sql: bundle.sql,
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html; AWS itself says so after minutes, with a rollback. */
function reachable({ mskArn, access }: KafkaCluster, { emulated, deploying }: ServiceFacts): boolean {
  if (emulated || mskArn !== undefined || access.length > 0) return true
  if (deploying) throw new InvalidOptionError(UNREACHABLE)
  return false
}

const UNREACHABLE =
  'custom.millrace.kafka.accessConfigurations is missing: Lambda reads a cluster of your own through your VPC (vpcSubnet and ' +
  'vpcSecurityGroup) or with credentials (saslScram512Auth, …), not without either. AWS will not take this package.'

/** Variables that are known before CloudFormation has run. */
function textsOf(variables: Readonly<Record<string, unknown>>, region: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => {
      const text = foreseen(value, region)
      return text === undefined ? [] : [[name, text] as const]
    }),
  )
}
