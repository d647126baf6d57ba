// A job of `millrace run`: its processes do what the row says, and tell how far they are in rows of their own.

import { RefusedError } from '../../errors/cli-errors.ts'
import { applicationId } from '../../names/applications.ts'
import { type KnownControl, readControl } from '../../runtime/control-row.ts'
import { isAsked } from '../../runtime/drain.ts'
import type { StateTable } from '../../stores/table.ts'
import type { Door, Standing } from './door.ts'
import { type KnownProcess, processesOf } from './processes.ts'
import { pauseJob, resumeJob, startJob, stopJob } from './requests.ts'

export function runDoor(table: StateTable, job: string): Door {
  return {
    job,
    async pause() {
      await pauseJob(table, job)
    },
    async resume() {
      await resumeJob(table, job)
    },
    async start(options) {
      await startJob(table, job, options)
    },
    async stop(drain) {
      if (drain && (await processesOf(table, job)).length === 0)
        throw new RefusedError(
          `No process runs job ${job}, and only its code can close its windows. Start one with millrace run, then drain; or stop it without --drain. Nothing was changed.`,
        )
      await stopJob(table, job, drain)
    },
    async look() {
      const [control, alive] = await Promise.all([readControl(table, job), processesOf(table, job)])
      return standingOf(job, control, alive)
    },
  }
}

const GOAL = { running: 'running', paused: 'paused', stopped: 'stopped' } as const

/** Pure. */
export function standingOf(job: string, control: KnownControl, alive: readonly KnownProcess[]): Standing {
  const { wanted, attempt, rev, drain } = control
  const done = alive.filter(({ phase, obeys }) => obeys >= rev && phase === GOAL[wanted])
  const error = alive.find(({ phase }) => phase === 'failed')?.error
  const over = done.length === alive.length && !isAsked(control)
  return {
    job,
    application: applicationId({ job, attempt }),
    wanted,
    over,
    there: alive.length > 0,
    phase: phaseOf(control, alive, over),
    ...(error !== undefined && { error }),
    ...(drain?.until !== undefined && { drainedUntil: drain.until }),
    processes: alive.map(({ host, pid, phase, inFlight }) => ({ name: `${host}:${pid}`, phase, inFlight })),
  }
}

const SETTLED = {
  running: 'running',
  paused: 'paused: nothing is taken in, and open windows close by the clock',
  stopped: 'stopped: what was under way is committed and published',
} as const

function phaseOf(control: KnownControl, alive: readonly KnownProcess[], over: boolean): string {
  const { wanted, drain } = control
  if (alive.length === 0) return `${wanted}, and no process runs it`
  if (over) return wanted === 'stopped' && drain ? 'drained and stopped: nothing waits' : SETTLED[wanted]
  const failed = alive.filter(({ phase }) => phase === 'failed').length
  if (failed > 0) return `${failed} of ${alive.length} processes fail at it, and try again`
  if (wanted === 'running') return 'starting'
  const still = alive.filter(({ phase }) => phase === 'running' || phase === 'starting').length
  if (still > 0) return `${still} of ${alive.length} processes still take records in, and finish what is under way`
  if (isAsked(control)) return 'draining: windows are being closed'
  return 'wake-ups are ending'
}
