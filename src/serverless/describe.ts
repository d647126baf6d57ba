// What a bundled function runs, told by the bundle itself: it is imported in a process of its own, with the environment that
// the function will have, as far as it is known. So a job may build addresses from variables, what gets deployed has been
// imported once, and nothing that a module does while it loads can touch the deployment.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { InvalidOptionError } from '../errors/errors.ts'
import type { JobSchema } from '../plan/schema.ts'
import type { Place } from '../sinks/sink.ts'
import type { GapPolicy, OffsetHoles } from '../sources/kafka/kafka-source.ts'
import type { Bundle } from './bundle.ts'

/** A place that a job writes to; keys begin with `prefix` and a dash (outputs) or a slash (quarantine). */
export interface WrittenPlace {
  readonly kind: Place['kind']
  readonly bucket: string
  readonly prefix: string
}

/** What a source reads, by the name of the source's kind. */
export interface Feed {
  readonly kind: string
  readonly name: string
  /** Where its event source is to begin, if the job says so: at the latest, or at a time, milliseconds. */
  readonly startsAt?: 'latest' | number
  /** Of Kafka: what a hole in its offsets means to the job (`kafka(…, { gaps, holes })`). */
  readonly gaps?: GapPolicy
  readonly holes?: OffsetHoles
}

/** What a deployment has to know about a job. Plain data. */
export interface JobDescription {
  readonly name: string
  /** What it reads, each once: a topic of Kafka, or what else its source calls so. */
  readonly feeds: readonly Feed[]
  readonly outputs: readonly WrittenPlace[]
  readonly quarantine: WrittenPlace | undefined
  /** Milliseconds. */
  readonly retention: number
  /** What its state depends on. */
  readonly schema: JobSchema
  /** What it costs in a month, as a line, under assumptions that it names. */
  readonly cost?: string
  /** Milliseconds that importing the bundle took on this machine. */
  readonly importMs: number
}

/** The answer of `describe-main.ts`. */
export type Answer =
  | { readonly kind: 'job'; readonly job: JobDescription }
  | { readonly kind: 'jobs'; readonly jobs: readonly (readonly [exportName: string, job: JobDescription])[] }
  | { readonly kind: 'no-job'; readonly exports: readonly string[] }
  | { readonly kind: 'one name'; readonly name: string; readonly exports: readonly string[] }
  | { readonly kind: 'failed'; readonly error: string }

/** In place of an export's name: all of them. */
export const EVERY = '*'

/** Long enough for anything but a module that waits for a service while it loads, which must not be. */
const LONGEST_MS = 30_000

const MAIN = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './describe-main.ts' : './describe-main.js', import.meta.url),
)

/**
 * Imports a bundle and reads the job of its handler.
 *
 * @param where the function's place in serverless.yml, for messages.
 * @throws InvalidOptionError when it cannot be imported or the export is no handler of a job.
 */
export async function describeJob(
  where: string,
  handler: string,
  { file, exportName }: Pick<Bundle, 'file' | 'exportName'>,
  environment: Readonly<Record<string, string>>,
): Promise<JobDescription> {
  const answer = await ask(where, file, exportName, environment)
  switch (answer.kind) {
    case 'job':
      return answer.job
    case 'jobs':
    case 'no-job':
      throw new InvalidOptionError(
        `${where}: ${handler} is not the handler of a job. Write export const ${exportName} = lambda(…) ` +
          `(import { lambda } from 'millrace/lambda'); the module exports ${exportsOf(answer).join(', ') || 'nothing'}.`,
      )
    case 'one name':
      throw sameName(where, answer)
    case 'failed':
      throw new InvalidOptionError(`${where}: ${handler} cannot be imported.\n${readable(answer.error)}`)
  }
}

const exportsOf = (answer: Extract<Answer, { readonly kind: 'jobs' | 'no-job' }>): readonly string[] =>
  answer.kind === 'jobs' ? answer.jobs.map(([name]) => name) : answer.exports

/**
 * Imports a bundle and reads the jobs of all its handlers, by the name of the export.
 *
 * @throws InvalidOptionError when it cannot be imported or exports no handler of a job.
 */
export async function describeJobs(
  module: string,
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, JobDescription>> {
  const answer = await ask(module, file, EVERY, environment)
  if (answer.kind === 'jobs') return new Map(answer.jobs)
  if (answer.kind === 'failed') throw new InvalidOptionError(`${module} cannot be imported.\n${readable(answer.error)}`)
  if (answer.kind === 'one name') throw sameName(module, answer)
  const exports = answer.kind === 'no-job' ? answer.exports.join(', ') : ''
  throw new InvalidOptionError(
    `${module} exports no handler of a job. Write export const handler = lambda(…) ` +
      `(import { lambda } from 'millrace/lambda'); the module exports ${exports || 'nothing'}.`,
  )
}

function sameName(
  where: string,
  { name, exports }: Extract<Answer, { readonly kind: 'one name' }>,
): InvalidOptionError {
  return new InvalidOptionError(
    `${where}: ${exports.join(' and ')} are handlers of different jobs that are both called '${name}'. The name is the identity of a job's state: give one of them another.`,
  )
}

/** Node.js shows the line in which a process died, and a bundle has lines of 80 KB. */
function readable(text: string): string {
  const lines = text.split('\n').map((line) => (line.length > 300 ? `${line.slice(0, 300)} …` : line))
  return lines.join('\n')
}

function ask(where: string, file: string, exportName: string, environment: Readonly<Record<string, string>>) {
  const { NODE_OPTIONS: _, ...variables } = process.env
  // The fourth descriptor carries the answer: a module may print what it likes.
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN, file, exportName], {
    env: { ...variables, ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  })
  const [answered, complained]: [Buffer[], Buffer[]] = [[], []]
  child.stdio[3]?.on('data', (chunk: Buffer) => answered.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => complained.push(chunk))
  return new Promise<Answer>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (answered.length > 0) return resolve(JSON.parse(Buffer.concat(answered).toString()))
      const end =
        signal === 'SIGKILL' ? `did not finish loading within ${LONGEST_MS / 1000} s` : `ended with ${signal ?? code}`
      reject(
        new InvalidOptionError(
          `${where}: the module ${end} while it was imported.\n${readable(Buffer.concat(complained).toString())}`.trimEnd(),
        ),
      )
    })
  })
}
