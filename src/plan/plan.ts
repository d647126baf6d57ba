// What a job's graph is planned to: what a task of each topic runs for every micro-batch, and what the buckets of each shuffle
// stage run when a batch is closed. A stream that several others use is one step, so it runs once.

import type { JobDefinition } from '../graph/job.ts'
import type { OperatorNode, OutputNode, StreamNode } from '../graph/nodes.ts'
import type { Elements, NewPartitions, RecordOperator } from '../operators/operator.ts'
import type { ValueVersion } from '../options/state-version.ts'
import type { Source } from '../sources/source.ts'

/** An output with a name that survives changes elsewhere in the job. */
export interface PlannedOutput {
  readonly id: string
  readonly node: OutputNode
  /** The stage that writes it. */
  readonly stage: string
  /** How often it has a batch, milliseconds. */
  readonly slide: number
}

/** Elements that travel from one stage to the buckets of another. */
export interface Edge {
  readonly id: string
  readonly from: string
  readonly to: string
  /** The stream whose elements travel. */
  readonly node: StreamNode
  /** To the bucket of the pair's key, all to one, evenly, or all to every bucket. */
  readonly how: 'key' | 'one' | 'spread' | 'all'
  /** Puts elements together on this side first, so that little travels. */
  readonly combine: ((elements: Elements) => Elements) | undefined
  /** Of operators that keep these elements, or what they are combined to: the version of the values, if it is not 1. */
  readonly values?: ValueVersion | undefined
  readonly numPartitions: number
  /** How often the stream has a batch, milliseconds. */
  readonly slide: number
}

/** One operator of a program; slots hold the elements of one stream for one batch time. */
interface Step {
  readonly node: OperatorNode
  readonly inputs: readonly number[]
  readonly slot: number
}

/** What runs together in one place: steps fill slots, outputs and edges read them. */
interface Steps<S extends Step> {
  readonly steps: readonly S[]
  readonly outputs: readonly { readonly output: PlannedOutput; readonly slot: number }[]
  readonly edges: readonly { readonly edge: Edge; readonly slot: number }[]
  readonly slots: number
}

export interface RecordStep extends Step {
  readonly operator: RecordOperator
}

/** What a task of one topic runs for every micro-batch. */
export interface Program extends Steps<RecordStep> {
  readonly topic: string
  /** The sources that read the topic; the records of the task fill their slots. */
  readonly sources: readonly { readonly source: Source; readonly slot: number }[]
  /** Commits say what they have read for each batch time, some 20 bytes: the job has listeners, or operators that are told positions. */
  readonly notesInputs: boolean
  /** What needs no shuffle because Kafka has partitioned by key: runs in the same task, when the partition has passed T. */
  readonly inPlace: InPlaceProgram | undefined
}

/** Operators by key in a source task: a stage whose only bucket is the partition; edges from the program above feed it. */
export interface InPlaceProgram {
  readonly stage: ShuffleStage
  readonly newPartitions: NewPartitions
}

export interface BatchStep extends Step {
  /** Addresses its state. */
  readonly id: string
  /** Its input comes by an edge that has combined it already. */
  readonly combined: boolean
  /** How often its inputs have a batch, milliseconds. */
  readonly every: number
}

/** What every bucket of a shuffle stage runs for every closed batch. */
export interface ShuffleStage extends Steps<BatchStep> {
  readonly id: string
  readonly numPartitions: number
  /** Edges that end here fill these slots. */
  readonly inputs: readonly { readonly edge: Edge; readonly slot: number }[]
}

export interface Plan {
  readonly job: JobDefinition
  readonly outputs: readonly PlannedOutput[]
  readonly programs: ReadonlyMap<string, Program>
  /** In an order in which a stage comes after all that it reads. */
  readonly stages: readonly ShuffleStage[]
}
