// `serverless millrace dev`: the jobs of serverless.yml on this machine, by the command `millrace dev` in a process of its own. Nothing of
// AWS is asked. All functions are one module, and each process evaluates the one whose name it has: so a reload takes all of them, and
// no function sees another's environment, as on Lambda.

import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidOptionError } from '../errors/errors.ts'
import type { MappingOptions } from '../sources/kafka/mapping.ts'
import { DEFAULT_TIMEOUT } from './deployment.ts'
import type { PlannedMapping, ServicePlan } from './dev-plan.ts'
import type { Serverless } from './framework.ts'
import { checkPluginOptions, type PluginOptions } from './options.ts'
import { ACCOUNT, foreseen } from './pseudo-parameters.ts'

/** As `millrace dev` takes them. */
const FLAGS = ['from', 'socket', 'generate', 'sample', 'brokers', 'dir', 'inspect', 'partitions'] as const

export type DevFlags = { readonly [F in (typeof FLAGS)[number]]?: unknown }

/** The number that emulators of AWS give to the account. */
const NO_ACCOUNT = '000000000000'

/** Like Lambda's default for Kafka, which cannot be said in seconds. */
const WINDOW_MS = 500

const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const CLI = fileURLToPath(new URL(`../cli/main.${ENDING}`, import.meta.url))

/** Resolves when it was stopped. @throws InvalidOptionError for what is wrong in serverless.yml */
export async function runService(serverless: Serverless, flags: DevFlags, say: (line: string) => void): Promise<void> {
  const { service, serviceDir } = serverless
  const region = serverless.getProvider('aws').getRegion()
  const options = checkPluginOptions(service.custom)
  const { plan, notes } = planOf(options, service, region)
  for (const note of notes) say(note)
  const folder = join(serviceDir, '.serverless', 'millrace-dev')
  await mkdir(folder, { recursive: true })
  const [module, file] = [join(folder, 'service.mjs'), join(folder, 'service.json')]
  await writeFile(module, moduleOf(plan, serviceDir))
  await writeFile(file, JSON.stringify(plan))
  const given = FLAGS.flatMap((flag) => [flags[flag] ?? []].flat().map((value) => `--${flag}=${value}`))
  const status = await run([module, `--service=${file}`, ...given], serviceDir)
  if (status !== 0) throw new InvalidOptionError(`millrace dev has ended with ${status}; what it said is above.`)
}

/** What serverless.yml says, and what of it has no counterpart on this machine. */
export function planOf(
  options: PluginOptions,
  { provider, functions }: Pick<Serverless['service'], 'provider' | 'functions'>,
  region: string,
): { readonly plan: ServicePlan; readonly notes: readonly string[] } {
  const notes: string[] = []
  const planned = [...options.jobs].flatMap(([name, mapping]) => {
    const where = `custom.millrace.jobs.${name}`
    const { handler, timeout = provider.timeout ?? DEFAULT_TIMEOUT, environment } = functions[name] ?? {}
    if (handler === undefined)
      throw new InvalidOptionError(`${where} has no handler. Write one here, or in functions.${name}.`)
    if (!mapping.enabled) {
      notes.push(`${where}: enabled is false, so it does not run here either`)
      return []
    }
    const [env, unknown] = environmentOf({ ...provider.environment, ...environment }, region)
    if (unknown.length > 0)
      notes.push(`${where}: only CloudFormation knows ${unknown.join(', ')}, so it is not set; .env or the shell may`)
    notes.push(...leftOut(where, mapping))
    const reports = mapping.reportBatchItemFailures ? { MILLRACE_REPORT_FAILURES: '1' } : {}
    const one = { where, handler, env: { ...env, ...reports }, timeoutMs: timeout * 1000, mapping: mappingOf(mapping) }
    return [[name, one] as const]
  })
  if (planned.length === 0) throw new InvalidOptionError('custom.millrace.jobs: no job is enabled, so nothing can run.')
  const partitions = Object.fromEntries(options.kafka.partitions)
  return { plan: { title: 'serverless.yml', functions: Object.fromEntries(planned), partitions }, notes }
}

function mappingOf(mapping: MappingOptions): PlannedMapping {
  const { startingPosition, startingPositionTimestamp = 0, maximumBatchingWindow, maximumRecordAge = -1 } = mapping
  const startsAt = {
    LATEST: 'latest',
    AT_TIMESTAMP: startingPositionTimestamp * 1000,
    TRIM_HORIZON: undefined,
  } as const
  const start = startsAt[startingPosition]
  return {
    batchSize: mapping.batchSize,
    windowMs: maximumBatchingWindow === undefined ? WINDOW_MS : maximumBatchingWindow * 1000,
    ...(start !== undefined && { startsAt: start }),
    maximumRetryAttempts: mapping.maximumRetryAttempts ?? -1,
    maximumRecordAgeMs: maximumRecordAge === -1 ? -1 : maximumRecordAge * 1000,
    bisectOnError: mapping.bisectBatchOnFunctionError,
    reportBatchItemFailures: mapping.reportBatchItemFailures,
  }
}

function leftOut(where: string, { filterPatterns, onFailure }: MappingOptions): string[] {
  const notes: string[] = []
  if (filterPatterns.length > 0) notes.push(`${where}: filterPatterns are not applied here: all records are delivered`)
  if (onFailure) notes.push(`${where}: a batch that is given up is shown here, and not sent to onFailureDestination`)
  return notes
}

function environmentOf(
  variables: Readonly<Record<string, unknown>>,
  region: string,
): [known: Record<string, string>, unknown: string[]] {
  const known: Record<string, string> = { AWS_REGION: region }
  const unknown: string[] = []
  for (const [name, value] of Object.entries(variables)) {
    const text = foreseen(value, region)?.replaceAll(ACCOUNT, NO_ACCOUNT)
    if (text === undefined) unknown.push(name)
    else known[name] = text
  }
  return [known, unknown]
}

/** Each function's module is evaluated only where its name is asked for. */
function moduleOf({ functions }: ServicePlan, serviceDir: string): string {
  const lines = Object.entries(functions).map(([name, { handler }], i) => {
    const dot = handler.lastIndexOf('.')
    const module = JSON.stringify(join(serviceDir, handler.slice(0, dot)))
    const wanted = `process.env.MILLRACE_FUNCTION === ${JSON.stringify(name)}`
    return [
      `const f${i} = ${wanted} ? Reflect.get(await import(${module}), ${JSON.stringify(handler.slice(dot + 1))}) : undefined`,
      `export { f${i} as ${JSON.stringify(name)} }`,
    ].join('\n')
  })
  return `// Made by serverless millrace dev from serverless.yml.\n${lines.join('\n')}\n`
}

/** With the terminal of this process, and so its keys and Ctrl-C. */
function run(args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, CLI, 'dev', ...args], { cwd, stdio: 'inherit' })
  const wait = (): void => {} // the child has got it too, and ends when it has finished
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, wait)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, wait)
      resolve(code ?? 1)
    })
  })
}
