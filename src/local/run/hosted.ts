// `millrace run`: the jobs of a module, bundled once, each in worker processes of its own that are started again when they die.

import { mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidOptionError } from '../../errors/errors.ts'
import { logOf } from '../../lambda/environment.ts'
import { describeJobs, type JobDescription } from '../../serverless/describe.ts'
import { startControlled } from '../control/controlled.ts'
import { runDoor } from '../control/run-door.ts'
import type { ServedJob } from '../control/submissions.ts'
import { type Build, watchBuild } from '../dev/build.ts'
import { type DevServices, openServices, type ServiceOptions } from '../dev/services.ts'
import { childProcessInvoker } from '../invoker/child-process.ts'
import { GOODBYE_MS } from '../invoker/worker.ts'
import { type App, Running } from './app.ts'
import { makeEngine, memberLog, partitionsOf } from './engine.ts'
import { measuring } from './measured.ts'
import type { PartitionCounts } from './partition-watch.ts'

export interface HostedOptions extends Omit<ServiceOptions, 'makeTopics'> {
  /** The module, absolute. */
  readonly entry: string
  /** One of several handlers. */
  readonly exportName?: string
  /** Of the job: parameters and `.env`. */
  readonly env: Readonly<Record<string, string>>
  readonly accept: readonly string[]
  readonly partitions: number
  /** Worker processes of each job; as many members of its consumer group. */
  readonly workers: number
  readonly group?: string
  readonly batchSize: number
  readonly windowMs: number
  /** What becomes of a job that nobody has started yet; default `running`. */
  readonly first?: 'running' | 'stopped'
}

export interface Hosted {
  readonly apps: readonly App[]
  /** Each by its name, for whoever controls it from afar. */
  readonly served: ReadonlyMap<string, ServedJob>
  stop(): Promise<void>
}

/** Starts all of them. @throws what starting meets; then nothing runs */
export async function startHosted(options: HostedOptions): Promise<Hosted> {
  const { entry, folder, exportName, env } = options
  const file = await bundle(entry, join(folder, 'run'))
  const kafka = { ...options.kafka, log: memberLog(logOf(process.env)) }
  const services = await openServices({ ...options, kafka, makeTopics: false })
  const apps: Running[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(apps.filter(({ state }) => state === 'ACTIVE').map((app) => app.stop()))
    await services.stop()
  }
  try {
    const module = relative(process.cwd(), entry)
    const found = [...(await describeJobs(module, file.file, { ...services.variables, ...env }))]
    const chosen = found.filter(([name]) => exportName === undefined || name === exportName)
    if (chosen.length === 0)
      throw new InvalidOptionError(
        `${module}: there is no export '${exportName}', only ${found.map(([name]) => name).join(', ')}.`,
      )
    // A handler may be exported twice: by its name and as the default.
    for (const [name, description] of new Map(chosen.map((one) => [one[1].name, one])).values()) {
      const app = hostedApp(options, services, file, name, description)
      apps.push(app)
      await app.start()
    }
    const { table } = services
    const served = apps.map(({ name }) => [name, { door: runDoor(table, name), table, driven: false }] as const)
    return { apps, served: new Map(served), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function hostedApp(
  options: HostedOptions,
  services: DevServices,
  { file, hash }: Build & { readonly ok: true },
  exportName: string,
  first: JobDescription,
): Running {
  const { entry, env, accept, partitions, workers, group, batchSize, windowMs } = options
  const { name } = first
  const log = logOf(process.env)

  /** What a job reads may depend on its parameters. */
  async function describedWith(parameters: Readonly<Record<string, string>>): Promise<JobDescription> {
    if (Object.keys(parameters).length === 0) return first
    const module = relative(process.cwd(), entry)
    const found = (await describeJobs(module, file, { ...services.variables, ...env, ...parameters })).get(exportName)
    if (found?.name === name) return found
    throw new InvalidOptionError(
      `${module}: with these parameters ${exportName} is ${found?.name ?? 'no handler'}, not job ${name}.`,
    )
  }
  return new Running({
    name,
    log,
    signals: false,
    open: (failed) =>
      startControlled({
        job: name,
        table: services.table,
        log,
        close: async () => {},
        ...(options.first && { first: options.first }),
        async open(parameters) {
          const description = await describedWith(parameters)
          const counts = await partitionsOf(description, services, partitions)
          const { onLog, MILLRACE_METRICS } = measuring(name, env.MILLRACE_METRICS ?? process.env.MILLRACE_METRICS)
          const variables = (now: PartitionCounts): Record<string, string> => ({
            ...services.variables,
            ...env,
            ...parameters,
            MILLRACE_PARTITIONS: Array.from(now, ([topic, count]) => `${topic}=${count}`).join(','),
            MILLRACE_CODE: hash,
            MILLRACE_METRICS,
            MILLRACE_ACCEPT: JSON.stringify(accept),
          })
          const invoker = childProcessInvoker({
            module: file,
            exportName,
            functionName: name,
            concurrency: workers,
            onLog,
            execArgv: ['--enable-source-maps', '--disable-warning=ExperimentalWarning'],
            env: variables(counts),
          })
          return makeEngine({
            description,
            services,
            group: group ?? services.groupOf(name),
            invoker,
            log,
            batchSize,
            windowMs,
            pollers: workers,
            counts,
            renew: async (now) => invoker.renew(variables(now)),
            failed,
            async close(graceful) {
              // The handler closes on SIGTERM what it holds for the job.
              if (graceful) invoker.kill('SIGTERM')
              for (let waited = 0; graceful && waited < GOODBYE_MS && invoker.pids().length > 0; waited += 20)
                await sleep(20)
              await invoker.close()
            },
          })
        },
      }),
  })
}

/** Once; processes that share the folder may run the same bundle, which is named by its hash. */
async function bundle(entry: string, into: string): Promise<Build & { readonly ok: true }> {
  mkdirSync(into, { recursive: true })
  const built = Promise.withResolvers<Build>()
  const building = await watchBuild({ entry, into, onBuild: built.resolve })
  const build = await built.promise
  await building.stop()
  if (build.ok) return build
  throw new InvalidOptionError(`${relative(process.cwd(), entry)} cannot be bundled.\n${build.problem}`)
}
