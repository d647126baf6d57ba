// One line per invocation, for people and for CloudWatch: what was committed, how long the steps took, how far behind the job is. With `emf` the line is a
// blob of the embedded metric format too, of which CloudWatch makes metrics without a call
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).

import { InvalidOptionError } from '../errors/errors.ts'
import { DIMENSION, METRICS, type MetricName, NAMESPACE } from '../names/metrics.ts'
import type { TaskRef } from '../names/tasks.ts'
import type { Clock, Log } from '../runtime/environment.ts'
import type { Appended, Meter, Step, Taken } from '../runtime/meter.ts'

/** What an invocation leaves: nothing, a line, or a line of which CloudWatch makes metrics. */
export type Metrics = 'off' | 'line' | 'emf'

/** In the line only: a metric is $0.30 a month, and these say little that others do not. */
const NO_METRICS: ReadonlySet<string> = new Set<MetricName>(['Duplicates', 'CommitBytes', 'RecordAge'])

/** A line names so many tasks. */
const MOST_TASKS = 50

/** Over how long write units a second are taken, and what is too short to tell. */
const [RATE_MS, SHORT_MS] = [30_000, 1000]

/** @throws InvalidOptionError */
export function checkMetrics(where: string, value: unknown): Metrics {
  if (value === undefined || value === '') return 'off'
  if (value === 'off' || value === 'line' || value === 'emf') return value
  throw new InvalidOptionError(`${where}: ${JSON.stringify(value)} is none of emf, line, off.`)
}

export interface LineOptions {
  readonly job: string
  readonly functionName: string
  readonly metrics: Exclude<Metrics, 'off'>
  readonly clock: Clock
  readonly log: Pick<Log, 'info'>
}

/** Of what an invocation has done, beside what the meter was told. */
export interface Ended {
  readonly requestId?: string
  /** What it was for: `records`, `wake`, `share`. */
  readonly event: string
  readonly failed: number
}

interface Rate {
  units: number
  ms: number
}

/** Measures one invocation after the other; of two at once the figures are in the line of who ends first. */
export class InvocationLine implements Meter {
  readonly #options: LineOptions
  #values = new Map<MetricName, number>()
  #steps = new Map<Step, number>()
  #tasks = new Map<string, number>()
  #frontier = Number.POSITIVE_INFINITY
  #began = performance.now()
  /** By log. They outlast an invocation. */
  readonly #rates = new Map<string, Rate>()
  /** By output, the first batch that waits. */
  readonly #waiting = new Map<string, number>()

  constructor(options: LineOptions) {
    this.#options = options
  }

  begin(): void {
    this.#began = performance.now()
  }

  laps(): (step: Step) => void {
    let last = performance.now()
    return (step) => {
      const now = performance.now()
      this.#steps.set(step, (this.#steps.get(step) ?? 0) + now - last)
      last = now
    }
  }

  took({ task }: TaskRef, taken: Taken): void {
    const { records, frontier, newest } = taken
    this.#add('Records', records)
    this.#add('Duplicates', taken.duplicates)
    this.#add('LateRecords', taken.late)
    this.#add('SkippedRecords', taken.skipped)
    this.#add('QuarantinedRecords', taken.quarantined)
    this.#add('MissingRecords', taken.missing)
    if (records === 0) return
    this.#tasks.set(task, (this.#tasks.get(task) ?? 0) + records)
    this.#frontier = Math.min(this.#frontier, frontier)
    if (newest >= 0) this.#atLeast('RecordAge', this.#options.clock.now() - newest)
    this.#atLeast('FrontierDelay', this.#options.clock.now() - frontier)
  }

  appended({ stage, task }: TaskRef, { itemBytes, bytes, before, at, conflict }: Appended): void {
    const units = Math.ceil(itemBytes / 1024) // a write that is refused is paid, too
    this.#add('WriteUnits', units)
    this.#add('CommitBytes', bytes)
    if (conflict) this.#add('CommitConflicts', 1)
    if (before === undefined) return
    // Weighted by time: it is the same, whichever of two instances has made the commits that it sees. A pause of hours is one of half a minute.
    const gap = Math.min(RATE_MS, Math.max(0, at - before))
    const rate = this.#rates.get(`${stage}/${task}`) ?? { units: 0, ms: 0 }
    const left = Math.exp(-gap / RATE_MS)
    rate.units = rate.units * left + units
    rate.ms = rate.ms * left + gap
    this.#rates.set(`${stage}/${task}`, rate)
    if (rate.ms >= SHORT_MS) this.#atLeast('LogWriteUnits', (rate.units / rate.ms) * 1000)
  }

  quarantined(count: number): void {
    this.#add('QuarantinedRecords', count)
  }

  lateRows(count: number): void {
    this.#add('LateRows', count)
  }

  closed(batches: number): void {
    this.#add('ClosedBatches', batches)
  }

  open(batches: number): void {
    this.#values.set('OpenBatches', batches)
  }

  waits(output: string, first: number | undefined): void {
    if (first === undefined) this.#waiting.delete(output)
    else this.#waiting.set(output, first)
  }

  /** Writes the line. */
  end({ requestId, event, failed }: Ended): void {
    const { job, functionName, metrics, clock, log } = this.#options
    for (const first of this.#waiting.values()) this.#atLeast('PendingEffectsAge', clock.now() - first)
    const values = [...this.#values].flatMap(([name, value]) =>
      value > 0 ? [[name, Math.round(value * 10) / 10] as const] : [],
    )
    const tasks = [...this.#tasks]
    log.info(
      {
        job,
        ...(requestId !== undefined && { requestId }),
        event,
        ms: Math.round(performance.now() - this.#began),
        steps: Object.fromEntries([...this.#steps].map(([step, ms]) => [step, Math.round(ms)])),
        ...(tasks.length > 0 && { tasks: Object.fromEntries(tasks.slice(0, MOST_TASKS)) }),
        ...(tasks.length > MOST_TASKS && { moreTasks: tasks.length - MOST_TASKS }),
        ...(Number.isFinite(this.#frontier) && { frontier: this.#frontier }),
        ...(failed > 0 && { failed }),
        ...Object.fromEntries(values),
        ...(metrics === 'emf' && embedded(functionName, values, clock.now())),
      },
      'invocation',
    )
    this.#values = new Map()
    this.#steps = new Map()
    this.#tasks = new Map()
    this.#frontier = Number.POSITIVE_INFINITY
  }

  #add(name: MetricName, value: number): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + value)
  }

  #atLeast(name: MetricName, value: number): void {
    this.#values.set(name, Math.max(this.#values.get(name) ?? 0, value))
  }
}

/** What makes metrics of a line's fields; nothing where there are none. */
function embedded(functionName: string, values: readonly (readonly [MetricName, number])[], Timestamp: number) {
  const Metrics = values.flatMap(([Name]) => (NO_METRICS.has(Name) ? [] : [{ Name, Unit: METRICS[Name] }]))
  if (Metrics.length === 0) return {}
  const CloudWatchMetrics = [{ Namespace: NAMESPACE, Dimensions: [[DIMENSION]], Metrics }]
  return { [DIMENSION]: functionName, _aws: { Timestamp, CloudWatchMetrics } }
}
