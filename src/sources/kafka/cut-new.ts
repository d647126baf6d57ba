// Step 3 of the commit protocol for Kafka: what of a delivery is new. Reads nothing as long as nothing is in doubt (I4).

import { OffsetGapError } from '../../errors/state-errors.ts'
import type { Cut, Past } from '../source.ts'
import { type CutRecords, type CutRules, cutRecords, type Gap } from './cut.ts'
import type { KafkaEventRecord } from './event.ts'
import { knownHoles } from './holes.ts'
import type { KafkaSource } from './kafka-source.ts'
import { fromStart, hasStart } from './pass-over.ts'
import { believed, type Position } from './position.ts'

/** @throws OffsetGapError, and TopicRecreatedError for records that are not those which were committed. */
export async function cutNew(
  past: Past<Position>,
  delivered: readonly KafkaEventRecord[],
  sources: readonly KafkaSource[],
): Promise<Cut<KafkaEventRecord>> {
  const { task } = past
  const position = believed(past)
  const { records, expected } = hasStart(sources) ? await fromStart(past, delivered, sources) : { records: delivered }
  const rules = { ...rulesOf(sources), expected }
  let cut: CutRecords
  try {
    cut = cutRecords(task, records, position, rules)
  } catch (error) {
    if (!(error instanceof OffsetGapError)) throw error
    // Only now, so that it costs no read where nothing is missing: somebody may have declared the hole (docs/decisions/052).
    cut = cutRecords(task, records, position, rules, await knownHoles(past.rows, task))
    const facts = { stage: task.stage, task: task.task, holes: cut.gaps }
    past.warn(facts, 'went on without offsets that were declared missing (millrace offsets skip)')
  }
  return { records: cut.records, duplicates: cut.duplicates, missingBefore: missingOf(task.task, cut.gaps, sources) }
}

/** Sources of one topic share its offsets; the strictest rules among them count. */
function rulesOf(sources: readonly KafkaSource[]): CutRules {
  const strictest = sources.find(({ gaps, holes }) => gaps === 'fail' && holes === 'none') ?? sources[0]
  return strictest ?? { gaps: 'fail', holes: 'none' }
}

function missingOf(
  task: string,
  gaps: readonly Gap[],
  sources: readonly KafkaSource[],
): Cut<KafkaEventRecord>['missingBefore'] {
  const odd = sources.some(({ holes }) => holes === 'none')
  const kept = sources.some(({ gaps: policy, holes }) => policy === 'quarantine' && holes === 'none')
  return (last) => {
    const missing = gaps.filter(({ until }) => until <= last.offset)
    return {
      count: missing.reduce((sum, gap) => sum + gap.until - gap.from, 0),
      lines: kept ? missing.map(({ from, until }) => ({ kind: 'gap', task, from, until })) : [],
      ...(odd && missing.length > 0 && { told: missing.slice(0, 20).map(({ from, until }) => ({ from, until })) }),
    }
  }
}
