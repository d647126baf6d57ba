// A job as data, and the closed thing that users hold of it. Only `definitionOf` opens it, so that what a definition is made of may change.

import { describeValue } from '../errors/describe-value.ts'
import { InvalidOptionError } from '../errors/errors.ts'
import type { Listener } from '../listeners/listener.ts'
import type { OutputNode, SourceNode } from './nodes.ts'

/** What to do with a record that cannot be decoded, or on which an operator throws. */
export type PoisonPolicy = 'fail' | 'skip' | 'quarantine'

/** How long a partition may be silent, milliseconds, in a job that does not say it. */
export function usualIdleAfter(batch: number): number {
  return Math.max(10_000, 2 * batch)
}

/** Settings as the runtime uses them: everything in milliseconds, defaults filled in. */
export interface JobSettings {
  readonly batch: number
  readonly time: 'record' | 'arrival'
  readonly idleAfter: number
  readonly waitForFailed: number
  readonly clockSkew: number
  readonly retention: number
  readonly numPartitions: number
  /** Milliseconds of estimated work; undefined: never. */
  readonly sideBySide: number | undefined
  readonly idle: 'pause' | 'run'
  /** With `idle: 'run'`, the time before the first batch; undefined: the first batch is the first with data. */
  readonly zeroTime?: number
  readonly onPoison: PoisonPolicy
  readonly quarantine: { readonly bucket: string; readonly prefix: string } | undefined
  /** Absent where nobody listens: then nothing is noted for listeners. */
  readonly listeners?: readonly Listener[]
}

/** What `job()` has been told. */
export interface JobDefinition {
  readonly name: string
  readonly settings: JobSettings
  readonly sources: readonly SourceNode[]
  readonly outputs: readonly OutputNode[]
}

/** Registered: a bundled function has its own copy of this module, and so may the tool that reads its job. */
const INSIDE = Symbol.for('millrace.definition')

/** To be raised when another copy of Millrace could not read a definition, or what its nodes hold. */
const FORM = 1

/**
 * A job: hand it to `lambda()`, `simulate()`, or the command line. What it consists of is nobody else's business, and
 * `millrace plan` shows it. Only {@link job} makes one.
 *
 * @example
 * import { lambda } from 'millrace/lambda'
 *
 * const lineCounts: Job = job('line-counts', { batch: seconds(5) }, ({ kafka }) => {
 *   kafka('lines', { value: text() }).count().print()
 * })
 * export const handler = lambda(lineCounts)
 */
export class Job {
  /** The identity of the job's state. */
  readonly name: string
  readonly #definition: JobDefinition

  /** @internal */
  constructor(definition: JobDefinition) {
    this.name = definition.name
    this.#definition = definition
  }

  /** @internal For other copies of this module, which cannot see `#definition`. */
  get [INSIDE](): { readonly form: number; readonly definition: JobDefinition } {
    return { form: FORM, definition: this.#definition }
  }
}

/**
 * What a job consists of, whichever copy of Millrace has made it.
 *
 * @param where for messages: what was given the job.
 * @throws InvalidOptionError for anything but a job, and for one that a copy with other definitions has made.
 */
export function definitionOf(where: string, job: unknown): JobDefinition {
  const inside: unknown = typeof job === 'object' && job !== null ? Reflect.get(job, INSIDE) : undefined
  if (!isInside(inside)) {
    throw new InvalidOptionError(
      `${where}: expected a job made by job(name, options, define), got ${describeValue(job)}. A copy of a job is none.`,
    )
  }
  if (inside.form === FORM) return inside.definition
  throw new InvalidOptionError(
    `${where}: job '${inside.definition.name}' was made by another version of Millrace (its definitions have form ${inside.form}, here it is ${FORM}). ` +
      'Install one version for the job and for what reads it: npm ls millrace shows which there are.',
  )
}

function isInside(value: unknown): value is Job[typeof INSIDE] {
  return typeof value === 'object' && value !== null && 'form' in value && 'definition' in value
}
