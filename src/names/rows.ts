// Names of the rows in the partition `J#<job>`. Each begins with a word that is ours, up to the first `#`; what users have named
// comes after it, whatever it holds. So no two kinds can meet, nor two rows of one kind.

/** Who runs the job, by which code and with which state (`runtime/claim.ts`). */
export const CLAIM_ROW = 'meta'

/** Which wake-ups are under way (`runtime/wake-row.ts`). */
export const WAKE_ROW = 'wake'

/** Whether the job is to run, be paused or stopped, and its parameters (`runtime/control-row.ts`). */
export const CONTROL_ROW = 'control'

/** Who looks whether a batch can be closed (`runtime/side-by-side/lookout.ts`). */
export const LOOKOUT_ROW = 'lease#close'

/** Rows of one kind, one for each thing. */
export interface Rows {
  /** What the names of all of them begin with. */
  readonly all: string
  of(what: string): string
  /** What the row of this name is of. */
  whose(name: string): string
}

/** By task, the offset at which it is in trouble (`runtime/trouble.ts`). */
export const TROUBLES = rowsOf('trouble')

/** By task, the offsets that have been declared missing (`sources/kafka/holes.ts`). */
export const HOLES = rowsOf('hole')

/** By fingerprint, the plans that the job has been run by (`runtime/plans.ts`). */
export const PLANS = rowsOf('plan')

/** By bucket, what is to become of what was promised to it (`runtime/redirects.ts`). */
export const REDIRECTS = rowsOf('redirect')

/** By process, what runs the job outside of AWS, and how far it has come (`local/control/processes.ts`). */
export const PROCESSES = rowsOf('process')

/** By number, when the job was started and how that ended (`local/control/attempts.ts`). */
export const ATTEMPTS = rowsOf('attempt')

/** By object of the quarantine, a hash of its address: which of its records have been produced again (`runtime/quarantined.ts`). */
export const REPLAYED = rowsOf('replayed')

function rowsOf(word: string): Rows {
  const all = `${word}#`
  return {
    all,
    of: (what) => all + what,
    whose(name) {
      if (!name.startsWith(all)) throw new Error(`'${name}' is no row of ${word}`)
      return name.slice(all.length)
    },
  }
}
