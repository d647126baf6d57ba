// `mapAsync`: an asynchronous function of each element. Not in Spark, where a task would block.

import { InvalidOptionError } from '../errors/errors.ts'
import { checkFunction, checkKnownOptions } from '../options/options.ts'
import type { Elements, RecordOperator } from './operator.ts'
import { judged, ofCall } from './transient.ts'

/** Options of {@link DStream.mapAsync}. */
export interface MapAsyncOptions {
  /** How many calls may be under way at once in one micro-batch. Default 8. */
  readonly concurrency?: number
  /**
   * Whether an error is of something that is away for now, such as a database: then the micro-batch fails, nothing is
   * committed, and its records are delivered again, whatever `onPoison` says. Otherwise its record is a bad one. Default: errors of
   * connections and timeouts, throttling and status 429 or 5xx, what says `transient` or `retryable`, and {@link TransientError}.
   *
   * @example words.mapAsync(lookUp, { transient: (error) => error instanceof ShopIsClosed })
   */
  readonly transient?: (error: unknown) => boolean
}

interface AsyncMapping {
  readonly concurrency: number
  /** Whether an error is of something that is away for now. */
  readonly transient: ((error: unknown) => boolean) | undefined
  apply(element: unknown): Promise<unknown>
}

export function mapAsync<T, U>(f: (element: T) => Promise<U>, options: MapAsyncOptions): RecordOperator {
  checkKnownOptions('mapAsync', options, ['concurrency', 'transient'])
  const { concurrency = 8, transient } = options
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new InvalidOptionError(`mapAsync: concurrency must be a whole number of at least 1, got ${concurrency}.`)
  }
  if (transient !== undefined) checkFunction('mapAsync, transient', transient)
  return asyncMapping({ concurrency, transient, apply: checkFunction('mapAsync', f) })
}

function asyncMapping(mapping: AsyncMapping): RecordOperator {
  return { runs: 'on records', kind: 'mapAsync', keys: 'lost', apply: (elements) => applyAll(elements, mapping) }
}

/**
 * `concurrency` workers take the next element each; results keep the order of the elements. After a failure no call is
 * begun, and those under way are waited for: records will be tried again, and two tries must not run side by side.
 */
async function applyAll(elements: Elements, { concurrency, transient, apply }: AsyncMapping): Promise<unknown[]> {
  const out = new Array<unknown>(elements.length)
  let next = 0
  async function work(): Promise<void> {
    while (next < elements.length) {
      const index = next++
      try {
        out[index] = await apply(elements[index])
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
