// What is said of a micro-batch once it is committed: a line that names what was set aside (I7), and figures for whoever measures.

import { causeFacts } from '../errors/errors.ts'
import type { SourceCommit } from '../log/commit-record.ts'
import type { Cut, Missing } from '../sources/source.ts'
import type { Poison } from './run.ts'
import type { SourceTask } from './source-task.ts'

/** What a commit does not say. */
export interface Aside {
  /** Records that joined a later batch than their own. */
  readonly late: number
  /** What was set aside by policy. */
  readonly poison: readonly Poison[]
  readonly missing: Missing
  /** Time of the last record, milliseconds. */
  readonly newest: number
}

/** A line names so many records; how many there are, it says in any case. */
const MOST_NAMED = 20

export function tellTaken({ parts }: SourceTask, { counts, frontier }: SourceCommit, aside: Aside): void {
  const { ref, environment } = parts
  tellSetAside(parts, aside.poison)
  tellMissing(parts, aside.missing)
  const { records, duplicates, skipped, quarantined, missing } = counts
  const { late, newest } = aside
  environment.meter?.took(ref, { records, duplicates, late, skipped, quarantined, missing, frontier, newest })
}

function tellSetAside({ ref, source, settings, environment }: SourceTask['parts'], poison: readonly Poison[]): void {
  const [first] = poison
  if (!first) return
  const marks = poison.slice(0, MOST_NAMED).map(({ record }) => source.markOf(record))
  const facts = {
    ...{ ...source.taskFacts(ref.task), ...source.recordFacts(first.record) },
    ...{ records: poison.length, marks, ...causeFacts(first.error) },
  }
  const what = settings.onPoison === 'skip' ? 'records were skipped' : 'records were put into quarantine'
  environment.log.warn(facts, `${what}: a function of the job threw on them`)
}

function tellMissing({ ref, source, environment }: SourceTask['parts'], { count, told }: Missing): void {
  if (!told) return
  const facts = { ...source.taskFacts(ref.task), missing: count, ranges: told }
  environment.log.warn(facts, 'went on without records that never came, as the job says (gaps)')
}

/** All of a delivery had been committed before. */
export function tellNothingNew({ parts, head }: SourceTask, { duplicates }: Cut): void {
  const none = { records: 0, late: 0, skipped: 0, quarantined: 0, missing: 0 }
  parts.environment.meter?.took(parts.ref, { ...none, duplicates, frontier: head?.frontier ?? 0, newest: -1 })
}
