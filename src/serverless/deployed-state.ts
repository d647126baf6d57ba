// The table of the service as it is deployed, asked by whoever deploys: with the credentials of the deployment, and no patience.

import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { dynamoTable } from '../stores/dynamo-table.ts'
import { pathStyle } from '../stores/s3-client.ts'
import { deployedResources } from './deployed-template.ts'
import type { AwsProvider, Serverless } from './framework.ts'
import { tableName } from './names.ts'
import { checkBuckets } from './places-check.ts'
import { WORK_DIR } from './prepare.ts'
import { ACCOUNT, namedIn } from './pseudo-parameters.ts'
import { checkStack, type StackCheck } from './stack-check.ts'
import { checkState, STATE_FACTS, type StateCheck, type StateFacts } from './state-check.ts'

/** Seconds count before a deployment, which takes a minute; retries of the SDK come on top. */
const PATIENCE_MS = 3000

export interface DeployOptions {
  /** A folder with what `serverless package` has made. */
  readonly package?: string
  /** The one function that is deployed, by its name in serverless.yml; undefined: all. */
  readonly function?: string
}

/** @throws MillraceError INCOMPATIBLE_JOB; STACK_CHANGE_REFUSED; BUCKET_MISSING or TABLE_MISSING for what somebody else was to make. */
export async function checkDeployedState(
  serverless: Pick<Serverless, 'service' | 'serviceDir' | 'getProvider'>,
  { package: packaged, function: only }: DeployOptions,
  accept: readonly string[],
): Promise<StateCheck> {
  const { service, serviceDir } = serverless
  const provider = serverless.getProvider('aws')
  const folder = resolve(serviceDir, packaged ?? service.package?.path ?? WORK_DIR)
  const jobs = await readFacts(folder)
  if (!jobs) {
    const warning = `Jobs could not be held against the state that they have: the package has no ${STATE_FACTS}. Package it anew.`
    return { changes: [], warning }
  }
  const stack = only === undefined ? await stackOf(provider, folder, accept) : { changes: [], warnings: [] }
  const deployed = jobs.filter(({ functionName }) => only === undefined || functionName === only)
  const client = new DynamoDBClient({
    ...(await provider.getAwsSdkV3Config()),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS },
  })
  const s3 = new S3Client({
    ...(await provider.getAwsSdkV3Config()),
    maxAttempts: 2,
    forcePathStyle: pathStyle(),
    requestHandler: { connectionTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS },
  })
  try {
    const table = dynamoTable({ table: tableName(service.service, provider.getStage()), client })
    const state = await checkState(deployed, table, accept)
    const warnings = await checkBuckets(await inThisAccount(deployed, () => provider.getAccountId()), s3)
    const said = [...(state.warning === undefined ? [] : [state.warning]), ...warnings, ...stack.warnings]
    return { changes: [...state.changes, ...stack.changes], warning: said.length === 0 ? undefined : said.join('\n') }
  } finally {
    client.destroy()
    s3.destroy()
  }
}

/** The stack as it is, held against the package's template. */
async function stackOf(provider: AwsProvider, folder: string, accept: readonly string[]): Promise<StackCheck> {
  const before = await deployedResources(provider)
  if (before instanceof Error) {
    const warning = `The deployed stack could not be read (cloudformation:GetTemplate), so that nobody has looked what CloudFormation would replace or delete: ${before.message}`
    return { changes: [], warnings: [warning] }
  }
  const template: unknown = JSON.parse(await readFile(join(folder, TEMPLATE), 'utf8'))
  return checkStack(before, Reflect.get(Object(template), 'Resources') ?? {}, accept)
}

/** As the framework calls it. */
const TEMPLATE = 'cloudformation-template-update-stack.json'

/** With the buckets as they are called in the account that is deployed to; who that is is asked only where a name needs it. */
async function inThisAccount(jobs: readonly StateFacts[], account: () => Promise<string>): Promise<StateFacts[]> {
  const needed = jobs.some(({ buckets = [] }) => buckets.some((name) => name.includes(ACCOUNT)))
  const id = needed ? await account() : ''
  return jobs.map((job) => ({ ...job, buckets: (job.buckets ?? []).map((name) => namedIn(name, id)) }))
}

/** As `packageJobs` has written them; the folder is this plugin's own work. */
async function readFacts(folder: string): Promise<readonly StateFacts[] | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, STATE_FACTS), 'utf8'))
  } catch {
    return undefined
  }
}
