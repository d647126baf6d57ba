// A job: a name, its settings, and the graph that `define` builds. The name is the identity of its state.

import { InvalidOptionError } from '../errors/errors.ts'
import { OperatorIds } from '../graph/ids.ts'
import { Job, type JobDefinition, type JobSettings, type PoisonPolicy, usualIdleAfter } from '../graph/job.ts'
import type { OutputNode, SourceNode } from '../graph/nodes.ts'
import { checkListeners } from '../listeners/check.ts'
import type { Listener } from '../listeners/listener.ts'
import { sameObjects } from '../names/outputs.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import { checkChoice, checkKnownOptions, checkPartitions } from '../options/options.ts'
import { parseTarget } from '../sinks/files/target.ts'
import type { Source } from '../sources/source.ts'
import { DStream, type OutputRegistry } from './dstream.ts'
import { checkRetention, checkWaitForFailed } from './retention.ts'
import { type Open, sourcesOf } from './sources.ts'

/** Settings of a job. */
export interface JobOptions {
  /** The batch interval B. Batch times are multiples of it. */
  readonly batch: Duration
  /**
   * `record` (default): an element's time is its Kafka timestamp, so results do not depend on how the event source cut
   * the topic into invocations (I2). `arrival`: the clock at commit, Spark's own behaviour.
   */
  readonly time?: 'record' | 'arrival'
  /** How long a partition may be silent before the others stop waiting for it. Default the larger of 10 s and 2 B. */
  readonly idleAfter?: Duration
  /**
   * How long an open batch waits for a partition that fails (a poison record, a function that throws, a service that is away)
   * or whose invocation is under way for long. After that it counts as silent, which is logged: its batch is closed without
   * it, and what it gets later joins a later one. 0: it never counts as anything else. At most half of `retention`. Default 1 h, or that.
   */
  readonly waitForFailed?: Duration
  /** How far a record's timestamp may be ahead of the clock before it is taken as now plus this. Default 5 s. */
  readonly clockSkew?: Duration
  /** How many buckets a shuffle has, unless the operator says. Each costs one write per batch. Default 4. */
  readonly numPartitions?: number
  /**
   * From how much work on, as estimated, a stage's buckets are run by several invocations side by side. Default 1 s; `false`:
   * never. Each of them reads all that the stage was sent, so it costs more than it takes.
   */
  readonly sideBySide?: Duration | false
  /**
   * `pause` (default): once no operator can produce anything new, time stands still until data comes. `run`: every empty
   * batch is run, as Spark does.
   */
  readonly idle?: 'pause' | 'run'
  /**
   * How long commits are kept, the head excepted. At least an hour, ten times `idleAfter`, and twice `batch`, `idleAfter` and
   * `clockSkew` together. Default 7 days, or that. What a batch that cannot be closed still needs is kept for longer.
   */
  readonly retention?: Duration
  /**
   * A record that cannot be decoded, or on which an operator throws: `fail` (default) stops its partition with an error that
   * names it, `skip` counts and drops it, `quarantine` writes it with its coordinates and the error as an object, in the same commit.
   * Where closed batches are run, in buckets or in place, what goes aside instead are the values of the key (with `mapWithState` the
   * value) on which a function throws; the key's state stays what it was.
   */
  readonly onPoison?: PoisonPolicy
  /** Who is told what the job does, in Spark's words: docs/guide/listeners.md. Default: nobody. */
  readonly listeners?: readonly Listener[]
  /** Where quarantined records go. Default `_millrace/quarantine/<job>` in the state bucket. */
  readonly quarantine?: string
}

/** The sources, inside `job`'s function. */
export type JobContext = ReturnType<typeof sourcesOf>

/** A number below is taken for seconds that lack their unit: a commit alone takes some 10 ms. */
const SUSPICIOUS_MS = 100

const JOB_OPTIONS = [
  'batch',
  'time',
  'idleAfter',
  'waitForFailed',
  'clockSkew',
  'retention',
  'numPartitions',
  'sideBySide',
  'idle',
  'onPoison',
  'listeners',
  'quarantine',
]

/**
 * Defines a job. Runs nothing: `define` is called once, to build the graph.
 *
 * @param name the identity of the job's state; deploying changed code under the same name keeps offsets and state.
 * @throws InvalidOptionError for an unknown or impossible option, naming it and the nearest known one.
 * @example
 * export const words = job('words', { batch: seconds(5) }, ({ kafka }) => {
 *   kafka('lines', { value: text() })
 *     .flatMap((record) => record.value.split(/\s+/))
 *     .saveAsTextFiles('s3://results/words')
 * })
 */
export function job(name: string, options: JobOptions, define: (context: JobContext) => void): Job {
  const defined = defineJob(name, options, define)
  new OperatorIds(name, defined.outputs).check(name, defined.outputs)
  return new Job(defined)
}

/** A job that is never deployed anew, so that operators may be told apart by their order. */
export function defineJob(name: string, options: JobOptions, define: (context: JobContext) => void): JobDefinition {
  return defineFrom(name, options, (open) => define(sourcesOf(name, open)))
}

/** The same of any sources, whether or not the table has them. */
export function defineFrom(name: string, options: JobOptions, define: (open: Open) => void): JobDefinition {
  if (typeof name !== 'string' || name.length === 0 || Buffer.byteLength(name) > 255) {
    throw new InvalidOptionError(`job: a name of 1 to 255 bytes is needed, got ${JSON.stringify(name)}.`)
  }
  const settings = checkSettings(`job '${name}'`, options)
  const sources: SourceNode[] = []
  const outputs: OutputNode[] = []
  const registry: OutputRegistry = {
    batch: settings.batch,
    add: (output) => outputs.push(checkDistinct(name, output, outputs)),
  }
  const open = <T>(source: Source): DStream<T> => {
    const node: SourceNode = { kind: 'source', source }
    sources.push(node)
    return new DStream<T>(node, registry)
  }
  define(open)
  if (outputs.length === 0) {
    throw new InvalidOptionError(
      `job '${name}' has no output, so it would do nothing. End a stream with saveAs…, foreachRDD() or print().`,
    )
  }
  for (const kind of new Set(sources.map(({ source }) => source.kind))) {
    const alike = sources.flatMap(({ source }) => (source.kind === kind ? [source] : []))
    kind.checkJob(name, alike)
  }
  checkFeeds(name, sources)
  return { name, settings, sources, outputs }
}

/** A feed has tasks of one kind: what reads it is called by its name. */
function checkFeeds(name: string, sources: readonly SourceNode[]): void {
  const kinds = new Map<string, string>()
  for (const { source } of sources) {
    for (const feed of source.feeds) {
      const other = kinds.get(feed) ?? source.kind.name
      if (other !== source.kind.name)
        throw new InvalidOptionError(`job '${name}': '${feed}' is read as ${other} and as ${source.kind.name}.`)
      kinds.set(feed, other)
    }
  }
}

function checkSettings(where: string, options: JobOptions): JobSettings {
  checkKnownOptions(where, options, JOB_OPTIONS)
  const batch = toMillis(`${where}, batch`, options.batch)
  if (batch < 1)
    throw new InvalidOptionError(`${where}, batch: the batch interval must be at least 1 ms, got ${batch}.`)
  if (batch < SUSPICIOUS_MS && typeof options.batch === 'number')
    throw new InvalidOptionError(
      `${where}, batch: ${batch} is ${batch} milliseconds, less than a commit takes. Write '${batch}s' or seconds(${batch}) for seconds, or '${batch}ms' if that is meant.`,
    )
  const idleAfter = toMillis(`${where}, idleAfter`, options.idleAfter ?? usualIdleAfter(batch))
  const clockSkew = toMillis(`${where}, clockSkew`, options.clockSkew ?? 5000)
  const retention = checkRetention(where, options.retention, { batch, idleAfter, clockSkew })
  const listeners = checkListeners(`${where}, listeners`, options.listeners ?? [])
  const quarantine =
    options.quarantine === undefined ? undefined : parseTarget(`${where}, quarantine`, options.quarantine)
  return {
    batch,
    time: checkChoice(`${where}, time`, options.time, ['record', 'arrival']),
    idleAfter,
    waitForFailed: checkWaitForFailed(where, options.waitForFailed, retention),
    clockSkew,
    retention,
    numPartitions: checkPartitions(`${where}, numPartitions`, options.numPartitions ?? 4),
    sideBySide: options.sideBySide === false ? undefined : toMillis(`${where}, sideBySide`, options.sideBySide ?? 1000),
    idle: checkChoice(`${where}, idle`, options.idle, ['pause', 'run']),
    onPoison: checkChoice(`${where}, onPoison`, options.onPoison, ['fail', 'skip', 'quarantine']),
    quarantine: quarantine && { bucket: quarantine.bucket, prefix: quarantine.prefix },
    ...(listeners.length > 0 && { listeners }),
  }
}

function checkDistinct(name: string, output: OutputNode, others: readonly OutputNode[]): OutputNode {
  const { name: called } = output.sink
  const taken = others.flatMap(({ sink }) => sink.places)
  const shared = output.sink.places.find((place) => taken.some((other) => sameObjects(place, other)))
  if (!shared && typeof called === 'string' && others.some(({ sink }) => sink.name === called))
    throw new InvalidOptionError(`job '${name}': two outputs are called ${called}. Give each an id of its own.`)
  if (!shared) return output
  throw new InvalidOptionError(
    `job '${name}': two outputs write to s3://${shared.bucket}/${shared.prefix}. Give each a prefix of its own, or union the streams.`,
  )
}
