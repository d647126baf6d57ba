// Operators by key without a shuffle: they run in the task of a partition, in the commit with which the partition passes a batch
// time. Their state and the elements of batches that are not passed yet are in the task's own log, so a micro-batch is still
// one write (I4). State is read only when there is something to run.

import type { JobSettings } from '../graph/job.ts'
import type { BatchPartial, InPlaceCommit, SourceCommit } from '../log/commit-record.ts'
import { readSnapshot } from '../log/snapshots.ts'
import type { Entry, TaskLog } from '../log/task-log.ts'
import { topicPlace } from '../names/edges.ts'
import { partOfTask } from '../names/outputs.ts'
import { IN_PLACE, type TaskRef } from '../names/tasks.ts'
import type { InPlaceProgram } from '../plan/plan.ts'
import { BucketProgram } from '../programs/bucket-program.ts'
import { exchange } from '../programs/exchange.ts'
import type { Write } from '../sinks/sink.ts'
import type { Environment } from './environment.ts'
import { OpenBatches } from './open-batches.ts'
import { ofOpenBatches } from './outbox.ts'
import { collectOutputs } from './outputs.ts'
import type { Plans } from './plans.ts'
import { keepAside } from './quarantine.ts'
import { saveSnapshot } from './save-snapshot.ts'
import { batchOfDue, nextInPartition } from './schedule.ts'
import { isSnapshotDue, LEAST_RETENTION } from './snapshot-due.ts'
import { closedBy, earliest } from './time.ts'

export interface InPlaceParts {
  readonly ref: TaskRef
  readonly program: InPlaceProgram
  readonly settings: JobSettings
  readonly environment: Environment
  readonly log: TaskLog<SourceCommit>
  readonly plans: Plans
}

/** What a micro-batch has come to so far. */
export interface Produced {
  readonly partials: readonly BatchPartial[]
  readonly objects: readonly Write[]
  readonly written: number
}

/** The same with what was done in place. */
export interface ProducedInPlace extends Produced {
  readonly inPlace: InPlaceCommit
}

/** Of code without such operators: it carries on what others have left, unread. */
const NONE: InPlaceProgram = {
  stage: { id: IN_PLACE, numPartitions: 1, inputs: [], steps: [], outputs: [], edges: [], slots: 0 },
  newPartitions: 'join',
}

/** What a commit says of operators in place that its code does not have. */
export async function carryOn(
  parts: Omit<InPlaceParts, 'program'>,
  head: Entry<SourceCommit>,
  frontier: number,
  seal: boolean,
): Promise<Pick<SourceCommit, 'inPlace'>> {
  if (!head.record.inPlace) return {}
  const carrier = new InPlace({ ...parts, program: NONE })
  const { inPlace } = await carrier.run(head, { partials: [], objects: [], written: 0 }, frontier, seal)
  return { inPlace }
}

export class InPlace {
  readonly #parts: InPlaceParts
  #operators: BucketProgram
  #open: OpenBatches
  /** The version of the log that memory is in step with; undefined: with none. */
  #version: number | undefined
  /** Memory is in step with a commit of which it is not known yet how it went. */
  #ahead = false
  /** What others have passed without running it is in another batch now, and only a snapshot can say so. */
  #madeUp = false

  constructor(parts: InPlaceParts) {
    this.#parts = parts
    this.#operators = this.#newOperators()
    this.#open = this.#newOpen()
  }

  /**
   * Runs the batches that the partition passes by moving its frontier, in order, and keeps what is for others.
   *
   * @param head the entry that the commit will follow
   * @param produced what the micro-batch has come to before
   * @param seal whether to begin with a snapshot in any case
   * @throws BatchFailedError when a function of the user does.
   */
  async run(head: Entry<SourceCommit>, produced: Produced, frontier: number, seal: boolean): Promise<ProducedInPlace> {
    const { batch } = this.#parts.settings
    const foreign = this.#isForeign(head.record)
    if (!head.record.inPlace || foreign) await this.#load(head) // nothing to read, or nobody has told what is due to this code
    const kept = await this.#snapshotIfDue(head, seal)
    if (this.#parts.program.stage.steps.length === 0) {
      this.#version = undefined
      return { ...produced, inPlace: { ...kept, state: [], next: head.record.inPlace?.next } }
    }
    const [done, passed] = [closedBy(head.record.frontier, batch), closedBy(frontier, batch)]
    const times = produced.partials.map(({ time }) => time)
    const since = foreign ? this.#madeUpFrom(head.record, done) : done
    const next = foreign ? this.#next(since) : head.record.inPlace?.next
    const data = times.length > 0 ? earliest(times) : undefined
    const first = nextInPartition(since, since, { data, due: next }, this.#parts.settings)
    if (first === undefined || first > passed) {
      this.#ahead = this.#version === head.version
      this.#version = undefined
      if (this.#ahead) this.#open.addOwn(produced.partials)
      return { ...produced, inPlace: { ...kept, state: [], next: first } }
    }
    await this.#load(head)
    this.#version = undefined
    this.#ahead = true
    this.#open.addOwn(produced.partials)
    const ran: Produced[] = []
    for (let time = this.#next(since, passed); time !== undefined && time <= passed; time = this.#next(time, passed)) {
      ran.push(await this.#runBatch(time, done))
    }
    this.#open.dropUntil(passed)
    const own = produced.partials.map((partial) => (partial.time <= passed ? this.#open.without(partial) : partial))
    return {
      partials: merged([...own, ...ran.flatMap(({ partials }) => partials)]),
      objects: [...produced.objects, ...ran.flatMap(({ objects }) => objects)],
      written: ran.reduce((sum, { written }) => sum + written, produced.written),
      inPlace: { ...kept, state: this.#operators.takeChanges(), next: this.#next(passed) },
    }
  }

  /** What was run last has been committed as this version. */
  committed(version: number): void {
    if (this.#ahead) this.#version = version
    this.#ahead = false
  }

  #newOperators(): BucketProgram {
    const { ref, program, settings, environment } = this.#parts
    const { onPoison: policy } = settings
    const surroundings = { job: ref.job, place: `partition ${ref.task}`, policy, strict: environment.strict ?? false }
    return new BucketProgram(program.stage, 0, surroundings)
  }

  #newOpen(): OpenBatches {
    return new OpenBatches(this.#parts.program.stage.inputs.map(({ edge }) => edge))
  }

  async #runBatch(time: number, done: number): Promise<Produced> {
    const { ref, program, settings, environment } = this.#parts
    const { outputs, edges } = program.stage
    const slots = await this.#operators.run(time, (edge) => this.#open.items(time, edge))
    const { samples, written, ...of } = collectOutputs(outputs, slots, { time, part: partOfTask(ref.task) })
    const aside = keepAside(ref, settings, environment)(time, this.#operators.takeAside())
    const made = time > done ? of.objects : await ofOpenBatches(of.objects, environment)
    const objects = [...made, ...aside]
    return { objects, written, partials: [{ time, samples, shuffle: exchange(edges, slots) }] }
  }

  /** The next batch to run after `time`; without data they are run up to `until`. */
  #next(time: number, until = time): number | undefined {
    const { settings } = this.#parts
    const due = batchOfDue(this.#operators.due(time), settings)
    return nextInPartition(time, until, { data: this.#open.firstAfter(time), due }, settings)
  }

  /** Where recovery begins, for the next commit: at a new snapshot when one is due. */
  async #snapshotIfDue(head: Entry<SourceCommit>, seal: boolean): Promise<Omit<InPlaceCommit, 'state' | 'next'>> {
    const { ref, environment, settings } = this.#parts
    const kept = head.record.inPlace
    const now = environment.clock.now()
    const { retention } = settings
    const anew = { since: head.version, snapshot: undefined, logBytes: 0, logSince: now, logFor: retention }
    if (!kept) return anew
    const due = isSnapshotDue(kept, head.bytes, now, settings) || this.#operators.migrated || this.#madeUp
    if (!seal && !due) {
      const logFor = Math.min(retention, kept.logFor ?? LEAST_RETENTION)
      return { ...kept, logBytes: kept.logBytes + head.bytes, logFor }
    }
    await this.#load(head)
    const state = [...this.#operators.state(), ...this.#open.state()]
    this.#madeUp = false
    this.#operators.saved() // what was migrated; when the commit fails, state is loaded again
    return { ...anew, snapshot: await saveSnapshot(environment, settings, ref, head.version, state, kept.snapshot) }
  }

  /** What fell due while code did not have any of these operators is made up for, in order: windows build on each other. */
  #madeUpFrom({ inPlace }: SourceCommit, done: number): number {
    const { idle } = this.#parts.settings
    return idle === 'pause' && inPlace?.next !== undefined && inPlace.next <= done ? inPlace.next - 1 : done
  }

  /** Whether code that may lack some of these operators has committed last. */
  #isForeign({ plan, inPlace }: SourceCommit): boolean {
    return inPlace !== undefined && plan !== undefined && plan !== this.#parts.plans.own.fingerprint
  }

  /** Takes out what the code that has made a commit has run with it. */
  async #dropRun({ plan, frontier }: SourceCommit): Promise<void> {
    const { plans, ref, settings } = this.#parts
    const view = await plans.viewOf(plan)
    const has = (edge: string): boolean =>
      plan === undefined || view?.edge(topicPlace(plans.kinds.feedOf(ref.task)), edge) !== undefined
    this.#open.dropUntil(closedBy(frontier, settings.batch), has)
  }

  /** Brings memory in step with the head: from the last snapshot and the entries since. No code of the user runs (I6). */
  async #load({ version, record }: Entry<SourceCommit>): Promise<void> {
    if (this.#version === version) return
    const { ref, settings, environment, log } = this.#parts
    this.#version = undefined
    this.#ahead = false
    this.#madeUp = false
    this.#operators = this.#newOperators()
    this.#open = this.#newOpen()
    if (record.inPlace) {
      const { snapshot, since } = record.inPlace
      const state = snapshot ? await readSnapshot(environment.objects, snapshot) : []
      this.#operators.restore(state)
      this.#open.restore(state)
      for (const entry of await log.read(since, true)) {
        if (entry.version > version) break
        this.#operators.restore(entry.record.inPlace?.state ?? [])
        this.#open.add(entry.record.partials)
        await this.#dropRun(entry.record)
      }
      const passed = closedBy(record.frontier, settings.batch)
      this.#madeUp = this.#open.makeUp(passed, passed + settings.batch)
    }
    this.#version = version
    environment.log.info({ stage: ref.stage, task: ref.task, version }, 'state loaded')
  }
}

/** One partial per batch time. */
function merged(partials: readonly BatchPartial[]): readonly BatchPartial[] {
  const byTime = new Map<number, BatchPartial>()
  for (const { time, samples, shuffle } of partials) {
    const { samples: others = [], shuffle: more = [] } = byTime.get(time) ?? {}
    byTime.set(time, { time, samples: [...others, ...samples], shuffle: [...more, ...shuffle] })
  }
  return [...byTime.values()]
}
