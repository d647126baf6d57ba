// Errors of code that meets what other code has left under way.

import { operatorOf } from '../names/edges.ts'
import { MillraceError } from './errors.ts'

/** New code does not fit the state that a job has; nothing was run or changed. */
export class IncompatibleJobError extends MillraceError {
  /** What differs, a sentence each, with the operator's id. */
  readonly changes: readonly string[]
  constructor(job: string, changes: readonly string[]) {
    super(
      'INCOMPATIBLE_JOB',
      `The new code of job '${job}' does not fit the state that is there:\n${changes.map((change) => `  - ${change}`).join('\n')}\n` +
        'Nothing was run or changed. Undo the change, or do what stands there; an operator that may start with empty state takes a new ' +
        "`id`, and its old one is accepted: lambda(job, { accept: ['…'] }), custom.millrace.accept, or serverless deploy --accept '…'. " +
        'Or give the job a new name.',
    )
    this.changes = changes
  }
}

/** Elements of one batch on one edge, to one bucket, with nowhere to go. */
export interface OnTheWay {
  readonly time: number
  readonly edge: string
  readonly bucket: number
  readonly records: number
  /** Outputs of this code that they were on their way to. */
  readonly outputs: readonly string[]
}

/** How many batches a message names. */
const NAMED = 5

/** Records that other code has sent to an operator are of batches that are still open, and this code has no such operator. */
export class RecordsOnTheWayError extends MillraceError {
  readonly job: string
  readonly onTheWay: readonly OnTheWay[]
  constructor(job: string, onTheWay: readonly OnTheWay[]) {
    const ids = [...new Set(onTheWay.map(({ edge }) => operatorOf(edge)))]
    super(
      'RECORDS_ON_THE_WAY',
      `Job '${job}': other code has sent elements of batches that are still open to operators which this code does not have, has elsewhere, or makes something else of:\n` +
        `${ids.map((id) => `  - ${toOne(id, onTheWay)}`).join('\n')}\n` +
        'Nothing was dropped or closed. Deploy the code before again and let it finish: disable the event source mapping, leave the ' +
        'wake-up queue on until the job is at rest (idleAfter after its last record), deploy this code, and enable the mapping. ' +
        `To drop these elements instead: lambda(job, { accept: [${ids.map((id) => `'${id}'`).join(', ')}] }); these batches get no _SUCCESS then.`,
    )
    this.job = job
    this.onTheWay = onTheWay
  }
}

function toOne(id: string, all: readonly OnTheWay[]): string {
  const some = all.filter(({ edge }) => operatorOf(edge) === id)
  const times = [...new Set(some.map(({ time }) => time))].sort((a, b) => a - b)
  const more = times.length > NAMED ? ` and ${times.length - NAMED} more` : ''
  const outputs = [...new Set(some.flatMap((one) => one.outputs))]
  const meant = outputs.length > 0 ? `, for ${outputs.join(', ')}` : ''
  const count = some.reduce((sum, { records }) => sum + records, 0)
  return `${id}: ${count} of T = ${times.slice(0, NAMED).join(', ')}${more}${meant}`
}

/** This instance is older than what has been deployed, and would have to finish what only the newer code knows. */
export class SupersededError extends MillraceError {
  constructor(job: string) {
    super(
      'SUPERSEDED',
      `Newer code of job '${job}' has been deployed, and a batch holds what it has sent to stages or outputs that this instance does not know. ` +
        'Nothing is lost: records will be delivered again, and the newer code goes on.',
    )
  }
}
