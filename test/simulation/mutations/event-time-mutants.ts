// Planted bugs of event time.

import type { Mutant } from './mutants.ts'

const KINDS = ['eventTime', 'eventTime in place'] as const
const WATERMARK = 'src/operators/event-time/watermark.ts'
const WINDOWS = 'src/operators/event-time/windows.ts'

export const EVENT_TIME_MUTANTS: readonly Mutant[] = [
  {
    name: 'event time: a watermark is used in its own batch',
    breaks: 'event time',
    file: WINDOWS,
    find: 'const { late, final } = this.#watermarks.judging(time)',
    replace: 'this.#watermarks.move(time, seen)\n    const { late, final } = this.#watermarks.judging(time + 1)',
    kinds: KINDS,
  },
  {
    name: 'event time: a watermark is taken from one task only',
    breaks: 'event time',
    file: WATERMARK,
    find: 'for (const element of seen) {',
    replace: 'for (const element of seen.slice(0, 1)) {',
    kinds: KINDS,
  },
  {
    name: 'event time: a watermark moves back',
    breaks: 'event time',
    file: WATERMARK,
    find: 'Math.max(0, before?.[1] ?? 0, greatest - delay)',
    replace: 'Math.max(0, came - delay)',
    kinds: KINDS,
  },
  {
    name: 'event time: a restart forgets the watermark',
    breaks: 'event time',
    file: WATERMARK,
    find: 'save: (entry) => entry,',
    replace: 'save: (entry) => entry.map(() => 0),',
    kinds: KINDS,
  },
  {
    name: 'event time: late is what is below the watermark, not what is at it',
    breaks: 'event time',
    file: WINDOWS,
    find: 'late - this.#windows.size',
    replace: 'late - this.#windows.size - 1',
    kinds: KINDS,
  },
  {
    name: 'event time: rows are judged by the watermark of their own batch',
    breaks: 'event time',
    file: WATERMARK,
    find: 'return { late: moved && moved[0] + this.#slide >= time ? moved[1] : final, final }',
    replace: 'return { late: final, final }',
    kinds: KINDS,
  },
  {
    name: 'event time: sessions that touch stay apart',
    breaks: 'event time',
    file: 'src/operators/event-time/sessions.ts',
    find: 'one[0] <= end && start <= one[1]',
    replace: 'one[0] < end && start < one[1]',
    kinds: KINDS,
  },
  {
    name: 'event time: a duplicate refreshes its key',
    breaks: 'event time',
    file: 'src/operators/event-time/drop-duplicates.ts',
    find: 'else if (!this.#seen.has(key)) {',
    replace: 'else if (this.#seen.has(key)) this.#seen.set(key, { until: (at ?? 0) + (keptFor ?? 0) })\n      else {',
    kinds: KINDS,
  },
  {
    name: 'event time: silence counts only where something waits for it',
    breaks: 'event time',
    file: WATERMARK,
    find: 'this.#catchUp(time)\n',
    replace: '',
    kinds: KINDS,
  },
  {
    name: 'event time: nobody says that a window is final',
    breaks: 'rest',
    file: WATERMARK,
    find: 'if (first <= (this.now ?? Number.NEGATIVE_INFINITY)) return time + 1',
    replace: '',
    kinds: KINDS,
  },
]
