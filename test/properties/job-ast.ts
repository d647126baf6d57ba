// A random job as data: a list of operators, each with the numbers of those that it reads. `build-job.ts` makes a real job of
// it, `reference.ts` says what Spark would publish.

import type {
  FILTERS,
  MAPPINGS,
  NUMBER_TO_NUMBER,
  NUMBER_TO_PAIR,
  PAIR_TO_NUMBER,
  PAIR_TO_PAIR,
  PAIR_TO_TEXT,
  REDUCES,
  TEXT_TO_NUMBER,
  TEXT_TO_PAIR,
  UPDATES,
  VALUE_MAPS,
} from './functions.ts'

/** The batch interval of all random jobs, milliseconds. */
export const BATCH = 1000

export type ElementType = 'pair' | 'number' | 'text'

export type MapName =
  | keyof typeof PAIR_TO_PAIR
  | keyof typeof PAIR_TO_NUMBER
  | keyof typeof PAIR_TO_TEXT
  | keyof typeof NUMBER_TO_NUMBER
  | keyof typeof NUMBER_TO_PAIR
  | keyof typeof TEXT_TO_NUMBER
  | keyof typeof TEXT_TO_PAIR

interface Unary {
  readonly input: number
}
interface Binary {
  readonly inputs: readonly [number, number]
}
/** `buckets`: the option numPartitions. */
interface Shuffled {
  readonly buckets: number | undefined
}
interface Reducing {
  readonly f: keyof typeof REDUCES
}
/** In batch intervals. */
interface Windowed extends Unary {
  readonly length: number
  readonly every: number
}
interface Keyed extends Unary, Shuffled {}
interface Born {
  readonly initial: boolean
}

/** Every operator's parameters, by its name. */
export interface Operators {
  source: { readonly topics: readonly string[] }
  map: Unary & { readonly f: MapName }
  filter: Unary
  flatMap: Unary
  mapValues: Unary & { readonly f: keyof typeof VALUE_MAPS }
  flatMapValues: Unary
  mapPartitions: Unary
  mapAsync: Unary & { readonly concurrency: number }
  glom: Unary
  union: Binary
  repartition: Unary & { readonly buckets: number }
  reduceByKey: Keyed & Reducing
  groupByKey: Keyed
  combineByKey: Keyed
  countByValue: Keyed
  reduce: Unary & Reducing
  count: Unary
  window: Windowed
  reduceByWindow: Windowed & Reducing
  reduceByWindowInverse: Windowed
  countByWindow: Windowed
  countByValueAndWindow: Windowed & Shuffled
  groupByKeyAndWindow: Windowed & Shuffled
  reduceByKeyAndWindow: Windowed & Shuffled & Reducing
  reduceByKeyAndWindowInverse: Windowed & Shuffled & { readonly filter: keyof typeof FILTERS | undefined }
  updateStateByKey: Keyed &
    Born & { readonly update: keyof typeof UPDATES; readonly shape: 'values' | 'groups' | 'timed' }
  /** `timeout` in milliseconds. */
  mapWithState: Keyed & Born & { readonly f: keyof typeof MAPPINGS; readonly timeout: number | undefined }
  stateSnapshots: Unary
  distinct: Keyed
  topByKey: Keyed & { readonly n: number }
  /** Every element twice. */
  transform: Unary
  top: Unary & { readonly n: number; readonly how: 'top' | 'takeOrdered' | 'sortBy' }
  isEmpty: Unary
  withBroadcast: Unary & { readonly load: 'each' | 'once' }
  cogroup: Binary & Shuffled
  join: Binary & Shuffled & { readonly outer: 'none' | 'left' | 'right' | 'full' }
}

export type OperatorName = keyof Operators

/** An operator with the type of its elements, and how often it has a batch, in batch intervals. */
export type JobNode<N extends OperatorName = OperatorName> = {
  [O in N]: { readonly op: O; readonly type: ElementType; readonly slide: number } & Operators[O]
}[N]

/** A node whose slide follows from what it reads. */
export type JobNodeDraft = {
  [O in OperatorName]: { readonly op: O; readonly type: ElementType } & Operators[O]
}[OperatorName]

export interface JobAst {
  readonly idle: 'pause' | 'run'
  readonly numPartitions: number
  readonly nodes: readonly JobNode[]
  /** Nodes that are saved, each under its number. */
  readonly saved: readonly number[]
  /** The node that is printed, if any. */
  readonly printed: number | undefined
  /** The node whose batches are told to a `foreachRDD`, if any. */
  readonly told: number | undefined
}

export function inputsOf(node: JobNode): readonly number[] {
  if (node.op === 'source') return []
  return 'inputs' in node ? node.inputs : [node.input]
}

const named = (what: string, node: number | undefined) => (node === undefined ? [] : [`${what} ${node}`])

/** A job in one line per operator. */
export function describeJob({ idle, numPartitions, nodes, saved, printed, told }: JobAst): string {
  const lines = nodes.map(({ op, type, slide, ...rest }, i) => {
    const { input, inputs, ...options } = { input: undefined, inputs: undefined, ...rest }
    const from = (inputs ?? (input === undefined ? [] : [input])).map((n) => `#${n}`).join(', ')
    const given = Object.entries(options).filter(([, value]) => value !== undefined)
    const how = given.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('')
    return `#${i} ${op}(${from})${how} → ${type}${slide === 1 ? '' : ` every ${slide}`}`
  })
  const ends = [`saved ${saved.join(', ')}`, ...named('printed', printed), ...named('told', told)]
  return [`idle: '${idle}', numPartitions: ${numPartitions}`, ...lines, ...ends].join('\n  ')
}
