// `mapAsync`: an asynchronous function of each element. Not in Spark, where a task would block.

import { setTimeout } from 'node:timers/promises'
import { InvalidOptionError } from '../errors/errors.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import { checkFunction, checkKnownOptions } from '../options/options.ts'
import type { Elements, RecordOperator } from './operator.ts'
import { judged, ofCall } from './transient.ts'

/** How a call that fails is tried again where it is, before anything is made of its error. */
export interface RetryOptions {
  /** How many more times. */
  readonly times: number
  /** How long to wait before the first of them; before each further one twice as long as before the last. Default `'100ms'`. */
  readonly backoff?: Duration
}

/** Options of {@link DStream.mapAsync}. */
export interface MapAsyncOptions {
  /** How many calls may be under way at once in one micro-batch. Default 8. */
  readonly concurrency?: number
  /**
   * Whether an error is of something that is away for now, such as a database: then the micro-batch fails, nothing is
   * committed, and its records are delivered again, whatever `onPoison` says. Otherwise its record is a bad one. Default: errors of
   * connections and timeouts, throttling and status 429 or 5xx, what says `transient` or `retryable`, and {@link TransientError},
   * which is what {@link retryable} makes of any error.
   *
   * @example words.mapAsync(lookUp, { transient: (error) => error instanceof ShopIsClosed })
   */
  readonly transient?: (error: unknown) => boolean
  /**
   * Tries a call that fails again at once, whatever its error. Only what stays bad is a bad record, or fails the micro-batch. The
   * invocation waits meanwhile: for seconds, not for an outage. Default: no.
   *
   * @example words.mapAsync(lookUp, { retry: { times: 3, backoff: '50ms' } })
   */
  readonly retry?: RetryOptions
}

/** How long is waited before each further try, milliseconds. */
type Waits = readonly number[]

interface AsyncMapping {
  readonly concurrency: number
  readonly waits: Waits
  /** Whether an error is of something that is away for now. */
  readonly transient: ((error: unknown) => boolean) | undefined
  apply(element: unknown): Promise<unknown>
}

export function mapAsync<T, U>(f: (element: T) => Promise<U>, options: MapAsyncOptions): RecordOperator {
  checkKnownOptions('mapAsync', options, ['concurrency', 'transient', 'retry'])
  const { concurrency = 8, transient, retry } = options
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new InvalidOptionError(`mapAsync: concurrency must be a whole number of at least 1, got ${concurrency}.`)
  }
  if (transient !== undefined) checkFunction('mapAsync, transient', transient)
  return asyncMapping({
    concurrency,
    waits: waitsOf('mapAsync, retry', retry),
    transient,
    apply: checkFunction('mapAsync', f),
  })
}

function asyncMapping(mapping: AsyncMapping): RecordOperator {
  return { runs: 'on records', kind: 'mapAsync', keys: 'lost', apply: (elements) => applyAll(elements, mapping) }
}

/**
 * `concurrency` workers take the next element each; results keep the order of the elements. After a failure no call is
 * begun, and those under way are waited for: records will be tried again, and two tries must not run side by side.
 */
async function applyAll(
  elements: Elements,
  { concurrency, waits, transient, apply }: AsyncMapping,
): Promise<unknown[]> {
  const out = new Array<unknown>(elements.length)
  let next = 0
  async function work(): Promise<void> {
    while (next < elements.length) {
      const index = next++
      try {
        out[index] = await (waits.length === 0 ? apply(elements[index]) : retried(() => apply(elements[index]), waits))
      } catch (error) {
        next = elements.length
        throw ofCall(judged(error, transient))
      }
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: Math.min(concurrency, elements.length) }, work))
  const failed = workers.find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason
  return out
}

/** @throws InvalidOptionError when it asks for more than what an invocation lasts. */
function waitsOf(where: string, retry: RetryOptions | undefined): Waits {
  if (retry === undefined) return []
  checkKnownOptions(where, retry, ['times', 'backoff'])
  const { times, backoff = 100 } = retry
  const first = toMillis(`${where}.backoff`, backoff)
  if (!Number.isInteger(times) || times < 0 || first * (2 ** times - 1) > LONGEST_WAIT_MS) {
    throw new InvalidOptionError(
      `${where}: times must be a whole number, and all waits together 15 minutes at most, as long as a function of AWS Lambda runs; got times ${times} and backoff ${JSON.stringify(backoff)}.`,
    )
  }
  return Array.from({ length: times }, (_, i) => first * 2 ** i)
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
const LONGEST_WAIT_MS = 15 * 60_000

async function retried<T>(call: () => Promise<T>, waits: Waits): Promise<T> {
  for (const wait of waits) {
    try {
      return await call()
    } catch {
      if (wait > 0) await setTimeout(wait)
    }
  }
  return call()
}
