// Structured Streaming's event time by the plainest definitions there are: one batch after the other, everything in arrays, nothing kept up to
// date. Nothing of src/ is used.

/** A row with its event time, milliseconds; null: it has none. */
export interface Row {
  readonly key: string
  readonly at: number | null
  readonly id: number
}

export type Batch = readonly [time: number, rows: readonly Row[]]

/** A batch as a query sees it: with rows, or empty because the watermark has moved. */
export interface Tick {
  readonly time: number
  readonly rows: readonly Row[]
  /** Rows at or below it are late. */
  readonly late: number
  /** What ends at or below it is final. */
  readonly final: number
}

export interface Watermark {
  readonly delay: number
  readonly idle?: number
  /** The batch interval. */
  readonly batch: number
}

/** The batches of a query with one watermark, those without rows included in which something may be final. */
export function ticksOf(batches: readonly Batch[], { delay, idle, batch }: Watermark): Tick[] {
  const rowsAt = new Map(batches.map(([time, rows]) => [time, rows]))
  const times = new Set(rowsAt.keys())
  const ticks: Tick[] = []
  let watermark = 0
  let greatest: number | undefined
  let lastData = 0
  let moved: { readonly at: number; readonly before: number } | undefined
  for (let time = next(times, 0); time !== undefined; time = next(times, time)) {
    const rows = rowsAt.get(time) ?? []
    const late = moved && moved.at === time - batch ? moved.before : watermark
    ticks.push({ time, rows, late, final: watermark })
    const known = rows.flatMap(({ at }) => (at === null ? [] : [at]))
    let reached = watermark
    if (known.length > 0) {
      greatest = Math.max(greatest ?? known[0] ?? 0, ...known)
      lastData = time
      reached = Math.max(watermark, greatest - delay)
      if (idle !== undefined) times.add(Math.ceil((time + idle) / batch) * batch)
    } else if (idle !== undefined && greatest !== undefined && time - lastData >= idle) {
      reached = Math.max(watermark, greatest)
    }
    if (reached === watermark) continue
    moved = { at: time, before: watermark }
    watermark = reached
    times.add(time + batch)
  }
  return ticks
}

function next(times: ReadonlySet<number>, after: number): number | undefined {
  return [...times].filter((time) => time > after).sort((a, b) => a - b)[0]
}

export interface Result {
  /** Lines by batch time. */
  readonly out: Map<number, string[]>
  readonly late: Map<number, string[]>
}

function results(): Result & { readonly say: (where: 'out' | 'late', time: number, line: string) => void } {
  const result: Result = { out: new Map(), late: new Map() }
  return {
    ...result,
    say: (where, time, line) => void result[where].set(time, [...(result[where].get(time) ?? []), line].sort()),
  }
}

/** Rows by key and window, in append mode: `key start-end count sum of ids`. A row is late when no window takes it any more. */
export function windowsOf(ticks: readonly Tick[], size: number, slide: number): Result {
  const { out, late, say } = results()
  let open: { key: string; start: number; ids: number[] }[] = []
  for (const tick of ticks) {
    for (const { key, at, id } of tick.rows) {
      if (at === null) continue
      const starts: number[] = []
      for (let start = Math.floor(at / slide) * slide; start + size > at; start -= slide) starts.push(start)
      const taken = starts.filter((start) => start + size > tick.late)
      if (taken.length === 0) say('late', tick.time, String(id))
      for (const start of taken) {
        const known = open.find((one) => one.key === key && one.start === start)
        if (known) known.ids.push(id)
        else open.push({ key, start, ids: [id] })
      }
    }
    for (const { key, start, ids } of open.filter((one) => one.start + size <= tick.final)) {
      say('out', tick.time, `${key} ${start}-${start + size} ${ids.length} ${sum(ids)}`)
    }
    open = open.filter((one) => one.start + size > tick.final)
  }
  return { out, late }
}

/** Sessions by key, in append mode, as `windowsOf` has it. */
export function sessionsOf(ticks: readonly Tick[], gap: number): Result {
  const { out, late, say } = results()
  let rows: Row[] = []
  for (const tick of ticks) {
    for (const row of tick.rows) {
      if (row.at === null) continue
      if (row.at + gap <= tick.late) say('late', tick.time, String(row.id))
      else rows.push(row)
    }
    for (const [key, own] of Map.groupBy(rows, (row) => row.key)) {
      const sorted = own.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
      let session: Row[] = []
      for (const row of [...sorted, undefined]) {
        const [first, last] = [session[0], session.at(-1)]
        const ends = (last?.at ?? 0) + gap
        if (first && (row === undefined || (row.at ?? 0) > ends) && ends <= tick.final) {
          say('out', tick.time, `${key} ${first.at}-${ends} ${session.length} ${sum(session.map(({ id }) => id))}`)
          const gone = new Set(session)
          rows = rows.filter((one) => !gone.has(one))
        }
        if (row === undefined) break
        session = first && (row.at ?? 0) > ends ? [row] : [...session, row]
      }
    }
  }
  return { out, late }
}

/** Keys of `dropDuplicatesWithinWatermark`, and late rows: which of rows that are alike comes first is not asked, so batches are compared by key. */
export function firstsOf(
  ticks: readonly Tick[],
  delay: number,
  batchOf: (rows: readonly Row[]) => readonly Row[],
): Result {
  const { out, late, say } = results()
  let kept: { readonly key: string; readonly until: number }[] = []
  for (const tick of ticks) {
    for (const { key, at, id } of batchOf(tick.rows)) {
      if (at === null) continue
      if (at <= tick.late) say('late', tick.time, String(id))
      else if (!kept.some((one) => one.key === key)) {
        kept.push({ key, until: at + delay })
        say('out', tick.time, `${key} ${id}`)
      }
    }
    kept = kept.filter(({ until }) => until > tick.final)
  }
  return { out, late }
}

function sum(ids: readonly number[]): number {
  return ids.reduce((a, b) => a + b, 0)
}
