// A job: a name, its settings, and the graph that `define` builds. The name is the identity of its state.

import { InvalidOptionError } from '../errors/errors.ts'
import { type Decoder, nullable, text } from '../formats/decode.ts'
import { OperatorIds } from '../graph/ids.ts'
import { Job, type JobDefinition, type JobSettings, type PoisonPolicy } from '../graph/job.ts'
import type { GapPolicy, KafkaSourceNode, OffsetHoles, OutputNode } from '../graph/nodes.ts'
import { sameObjects } from '../names/outputs.ts'
import { type Duration, toMillis } from '../options/duration.ts'
import { checkChoice, checkKnownOptions, checkPartitions } from '../options/options.ts'
import type { KafkaRecord } from '../sources/kafka/record.ts'
import type { OutputRegistry } from './basic-stream.ts'
import { DStream } from './dstream.ts'
import { checkRetention, checkWaitForFailed } from './retention.ts'
import { parseTarget } from './target.ts'

export type { Job, JobSettings, PoisonPolicy }

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
  /** Where quarantined records go. Default `_millrace/quarantine/<job>` in the state bucket. */
  readonly quarantine?: string
}

/** Settings of a Kafka source. */
export interface KafkaOptions<V, K> {
  /** How values are decoded: `text()`, `json(schema?)`, `raw()`, or a decoder of your own. */
  readonly value: Decoder<V>
  /** How keys are decoded. Default `nullable(text())`. */
  readonly key?: Decoder<K>
  /** A hole in a partition's offsets that `holes` does not explain. Default `fail`: `OffsetGapError`. */
  readonly gaps?: GapPolicy
  /**
   * Why this topic's offsets may have holes. `none` (default): never. `compacted`: log compaction. `transactional`: markers and
   * aborted transactions. `filtered`: the event source mapping has filter criteria.
   */
  readonly holes?: OffsetHoles
  /**
   * What the topic was called before it was renamed: operators that take their id from it keep their state. Offsets of the new
   * topic start anew. Only for one topic, and not where state is in its partitions (`preservesPartitioning`).
   *
   * @example kafka('orders-v2', { value: json(), formerly: 'orders' })
   */
  readonly formerly?: string
}

/** The sources, inside `job`'s function. */
export interface JobContext {
  /**
   * Records of one or several topics. Each topic-partition is a task with a commit log of its own.
   *
   * @example kafka('lines', { value: text() })
   */
  kafka<V, K = string | null>(
    topics: string | readonly string[],
    options: KafkaOptions<V, K>,
  ): DStream<KafkaRecord<V, K>>
}

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
  'quarantine',
]
const KAFKA_OPTIONS = ['value', 'key', 'gaps', 'holes', 'formerly']
/** Kafka's own rule, `org.apache.kafka.common.internals.Topic`. */
const TOPIC = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

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
  if (typeof name !== 'string' || name.length === 0 || Buffer.byteLength(name) > 255) {
    throw new InvalidOptionError(`job: a name of 1 to 255 bytes is needed, got ${JSON.stringify(name)}.`)
  }
  const settings = checkSettings(`job '${name}'`, options)
  const sources: KafkaSourceNode[] = []
  const outputs: OutputNode[] = []
  const registry: OutputRegistry = {
    batch: settings.batch,
    add: (output) => outputs.push(checkDistinct(name, output, outputs)),
  }
  define({
    kafka(topics, kafkaOptions) {
      const node = kafkaNode(`job '${name}', kafka`, topics, kafkaOptions)
      sources.push(node)
      return new DStream(node, registry)
    },
  })
  if (outputs.length === 0) {
    throw new InvalidOptionError(
      `job '${name}' has no output, so it would do nothing. End a stream with saveAs… or print().`,
    )
  }
  checkFormerTopics(name, sources)
  return { name, settings, sources, outputs }
}

/** A topic has one former name, and one that is still read is no former name: state of two topics would be one. */
function checkFormerTopics(name: string, sources: readonly KafkaSourceNode[]): void {
  const stands = new Map<string, string>()
  for (const { topics, formerly } of sources) {
    for (const topic of topics) {
      const as = formerly ?? topic
      for (const [other, otherAs] of stands) {
        if ((other === topic) === (otherAs === as)) continue
        throw new InvalidOptionError(
          `job '${name}', kafka: topics '${other}' and '${topic}' with formerly '${formerly ?? otherAs}': a former name belongs to one ` +
            'topic, the same wherever the topic is read, and is not read any more.',
        )
      }
      stands.set(topic, as)
    }
  }
}

function checkSettings(where: string, options: JobOptions): JobSettings {
  checkKnownOptions(where, options, JOB_OPTIONS)
  const batch = toMillis(`${where}, batch`, options.batch)
  if (batch < 1)
    throw new InvalidOptionError(`${where}, batch: the batch interval must be at least 1 ms, got ${batch}.`)
  const idleAfter = toMillis(`${where}, idleAfter`, options.idleAfter ?? Math.max(10_000, 2 * batch))
  const clockSkew = toMillis(`${where}, clockSkew`, options.clockSkew ?? 5000)
  const retention = checkRetention(where, options.retention, { batch, idleAfter, clockSkew })
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
  }
}

function kafkaNode<V, K>(
  where: string,
  topics: string | readonly string[],
  options: KafkaOptions<V, K>,
): KafkaSourceNode {
  checkKnownOptions(where, options, KAFKA_OPTIONS)
  const list = typeof topics === 'string' ? [topics] : [...topics]
  if (list.length === 0) throw new InvalidOptionError(`${where}: no topic given.`)
  for (const topic of list) {
    if (typeof topic === 'string' && TOPIC.test(topic)) continue
    throw new InvalidOptionError(
      `${where}: ${JSON.stringify(topic)} is not a topic name (1 to 249 of a-z, A-Z, 0-9, '.', '_', '-').`,
    )
  }
  if (typeof options.value?.decode !== 'function') {
    throw new InvalidOptionError(`${where}: 'value' must be a decoder such as text(), json() or raw().`)
  }
  const { formerly } = options
  if (formerly !== undefined && (list.length > 1 || typeof formerly !== 'string' || !TOPIC.test(formerly))) {
    throw new InvalidOptionError(
      `${where}, formerly: must be the former name of one topic, got ${JSON.stringify(formerly)} for ${list.join(', ')}.`,
    )
  }
  return {
    kind: 'kafka',
    topics: list,
    formerly,
    value: options.value,
    key: options.key ?? nullable(text()),
    gaps: checkChoice(`${where}, gaps`, options.gaps, ['fail', 'skip', 'quarantine']),
    holes: checkChoice(`${where}, holes`, options.holes, ['none', 'compacted', 'transactional', 'filtered']),
  }
}

function checkDistinct(name: string, output: OutputNode, others: readonly OutputNode[]): OutputNode {
  if (output.kind !== 'save') return output
  if (!others.some((other) => other.kind === 'save' && sameObjects(other, output))) return output
  throw new InvalidOptionError(
    `job '${name}': two outputs write to s3://${output.bucket}/${output.prefix}. Give each a prefix of its own, or union the streams.`,
  )
}
