// Closes everything that is open, for a job that is to be stopped so that nothing waits: its clock goes on to the end of the last window
// that has data. What is closed is fenced as ever, so it does no harm when two do this, or when one dies in the middle (I1). What it
// means for time afterwards, and for timeouts of keys, stands in docs/decisions/080-stop-and-start.md.

import type { JobDefinition } from '../graph/job.ts'
import { windowsOf } from '../plan/reach.ts'
import { changeControl, type KnownControl, readControl } from './control-row.ts'
import type { Environment } from './environment.ts'
import { JobRuntime, type RuntimeOptions } from './job-runtime.ts'

/** What a look leaves although it could be done, such as after a lost race, the next one does; after these the caller asks again. */
const LOOKS = 3

/** Does nothing unless the job's row asks for it, and notes there how far it is. */
export async function drainJob(job: JobDefinition, outer: Environment, options: RuntimeOptions): Promise<void> {
  const { table, log } = outer
  const asked = await readControl(table, job.name)
  if (!isAsked(asked)) return log.warn({ job: job.name }, 'nobody has asked to drain the job, or it is done')
  let until = 0
  const clock = { now: (): number => Math.max(outer.clock.now(), until) }
  const runtime = new JobRuntime(job, { ...outer, clock, ended: () => true }, options)
  try {
    const first = await runtime.settle()
    until = asked.drain?.until ?? endOf(job, first.last)
    await note(outer, job.name, asked, { until, done: false })
    for (let look = 0; look < LOOKS; look++) {
      const { open, waits } = await runtime.settle()
      if (waits || (open !== undefined && open <= until)) continue
      await note(outer, job.name, asked, { until, done: true })
      return log.info({ job: job.name, until: new Date(until).toISOString() }, 'drained: every window is closed')
    }
    log.info({ job: job.name }, 'not all is closed yet')
  } finally {
    await runtime.close()
  }
}

export const isAsked = ({ wanted, drain }: KnownControl): boolean =>
  wanted === 'stopped' && drain !== undefined && !drain.done

/** Where the last record has left the last of the windows. */
function endOf(job: JobDefinition, last: number): number {
  const { batch } = job.settings
  return last > 0 ? Math.ceil(last / batch) * batch + windowsOf(job) : 0
}

/** @param asked what is being done: of another drain, asked for since, nothing is known */
async function note(
  { table }: Environment,
  job: string,
  asked: KnownControl,
  drain: NonNullable<KnownControl['drain']>,
): Promise<void> {
  await changeControl(table, job, (before) => {
    const isThis = before.since === asked.since && before.attempt === asked.attempt
    return isThis && isAsked(before) ? { ...before, drain } : undefined
  })
}
