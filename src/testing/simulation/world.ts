// What simulated processes share: the services, the clock, wake-ups under way, and the monitor that watches every write.

import type { JobDefinition } from '../../graph/job.ts'
import { partitionName, SOURCE_STAGE } from '../../names/tasks.ts'
import type { Share } from '../../runtime/side-by-side/share.ts'
import { isKafkaCommit } from '../../sources/kafka/position.ts'
import { type MemoryObjects, memoryObjects } from '../../stores/memory-objects.ts'
import { type MemoryTable, memoryTable } from '../../stores/memory-table.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from '../../stores/object-store.ts'
import type { StateTable } from '../../stores/table.ts'
import { Coverage } from './coverage.ts'
import { EffectsLedger } from './effects-ledger.ts'
import { type FaultOptions, Faults } from './faults.ts'
import { Ledger, type RecordsOf } from './ledger.ts'
import { MirrorLedger } from './mirror-ledger.ts'
import { Monitor } from './monitor.ts'
import { OutputKeys, type Published, readPublished } from './outputs.ts'
import type { Random } from './random.ts'
import { Trace } from './trace.ts'

/** The bucket for what is Millrace's own. */
export const STATE_BUCKET = 'state'

/** SQS delays a message by 15 minutes at most. */
const LONGEST_DELAY = 900_000

export interface WakeUp {
  readonly at: number
  readonly turn: number
  /** When the queue delivers it; later when it is held up. */
  due: number
}

export interface WorldOptions {
  readonly job: JobDefinition
  /** Further versions of it, with outputs of their own. */
  readonly others?: readonly JobDefinition[]
  readonly start: number
  readonly faults: FaultOptions
  readonly recordsOf: RecordsOf
  readonly trace: boolean
}

export class World {
  now: number
  readonly job: JobDefinition
  readonly coverage = new Coverage()
  readonly trace: Trace | undefined
  readonly faults: Faults
  readonly keys: OutputKeys
  readonly ledger: Ledger
  readonly effects: EffectsLedger
  readonly mirror: MirrorLedger
  readonly monitor: Monitor
  /** Wake-ups that are armed and not handled yet. */
  readonly wakeUps: WakeUp[] = []
  readonly printed: string[] = []
  /** Codes of errors that must come now, because something is lost; and those that came. */
  expected: ReadonlySet<string> = new Set()
  readonly noticed: string[] = []
  /** What becomes of a request for help. */
  onAsk: (share: Share) => void = () => {}
  /** What readers have taken away, as they found it. */
  readonly taken: Map<string, { readonly ref: ObjectRef; readonly body: Uint8Array }> = new Map()
  readonly rawTable: MemoryTable = memoryTable()
  readonly rawObjects: MemoryObjects = memoryObjects()

  constructor(random: Random, { job, others = [], start, faults, recordsOf, trace }: WorldOptions) {
    this.now = start
    this.job = job
    this.trace = trace ? new Trace(() => this.now) : undefined
    this.faults = new Faults(random, faults, this.coverage, this.trace)
    this.keys = new OutputKeys([job, ...others])
    this.ledger = new Ledger(job.settings, recordsOf)
    this.effects = new EffectsLedger(
      () => this.now,
      this.coverage,
      (what) => this.monitor.violation(what),
    )
    this.mirror = new MirrorLedger(
      () => this.now,
      ({ topic, partition }) => this.#committed(partitionName(topic, partition)),
      (what) => this.monitor.violation(what),
    )
    this.monitor = new Monitor(this)
    this.faults.onEndless = () => this.monitor.violation('the run does not come to an end')
  }

  table(who: string): StateTable {
    return this.monitor.watchTable(this.rawTable, this.rawObjects, who)
  }

  objects(who: string): ObjectStore {
    return this.monitor.watchObjects(this.rawObjects, who)
  }

  /** Up to where a task has committed. */
  #committed(task: string): number | undefined {
    const record = this.monitor.logs.heads.get(`${SOURCE_STAGE} ${task}`)?.record
    return isKafkaCommit(record) ? record.position?.until : undefined
  }

  /** @param ahead how far the sender's clock is: a queue counts a delay, whatever time clocks show */
  arm(at: number, turn: number, ahead: number): void {
    const delay = Math.max(0, at - this.now - ahead)
    if (delay > LONGEST_DELAY) this.coverage.path('wake-up passed on')
    this.wakeUps.push({ at, turn, due: this.now + Math.min(delay, LONGEST_DELAY) })
  }

  /** Somebody moves an object to a place of their own. */
  async takeAway(ref: ObjectRef): Promise<void> {
    const body = await this.rawObjects.get(ref)
    if (!body) return
    this.taken.set(objectUrl(ref), { ref, body })
    await this.rawObjects.delete(ref)
  }

  async published(normalize: (line: string, output: string) => string): Promise<Published> {
    const saves = this.keys.outputs.flatMap(({ node }) => node.sink.places.map(({ bucket }) => bucket))
    const quarantine = this.job.settings.quarantine?.bucket
    const buckets = new Set([STATE_BUCKET, ...saves, ...(quarantine === undefined ? [] : [quarantine])])
    // What was taken away counts, once, even if it has come back.
    for (const { ref, body } of this.taken.values()) await this.rawObjects.put(ref, body)
    return readPublished(this.rawObjects, this.keys, buckets, normalize)
  }
}
