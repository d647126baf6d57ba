// A soak in words: a line while it runs, and the ledger at its end.

import { table } from '../../demo/table.ts'
import type { JobLedger, Ledger, Progress } from './soak.ts'

export function progressLine({ seconds, phase, jobs, mischief, spoilt, violations }: Progress): string {
  const parts = jobs.map(
    ({ name, produced, committed, objects }) => `${name} in ${produced} committed ${committed} objects ${objects}`,
  )
  const suffered = [...mischief.values()].reduce((sum, count) => sum + count, 0)
  return `${String(seconds).padStart(5)} s ${phase}  ${parts.join('  ')}  faults ${suffered}  calls spoilt ${spoilt}  violations ${violations}`
}

export function ledgerTable(ledger: Ledger): string {
  const { events, words } = ledger
  const both = (name: string, of: (job: JobLedger) => number): string[] => [name, number(of(events)), number(of(words))]
  const accounts = table(
    ['', 'events', 'words'],
    [
      both('records acknowledged by Kafka', (job) => job.acknowledged),
      both('records in the topic', (job) => job.inTopic),
      both('records committed', (job) => job.committed),
      ['records in objects', number(events.found), `${number(words.words)} words`],
      ['records in PostgreSQL', number(ledger.database.rows), '-'],
      ['batches in PostgreSQL', number(ledger.database.batches), '-'],
      ['lost', number(events.lost), '-'],
      ['twice', number(events.twice), '-'],
      ['windows, states recounted', '-', `${number(words.windows)}, ${number(words.states)}`],
      both('micro-batches', (job) => job.batches),
      both('invocations', (job) => job.invocations),
      both('invocations failed', (job) => sum(job.failures.values())),
      both('wake-ups', (job) => job.wakeUps),
      both('objects', (job) => job.objects),
      both('listings of the output', (job) => job.listings),
      both('silent partitions moved on', (job) => job.movedOn),
    ],
  )
  const recoveries = [...ledger.recoveries].sort((a, b) => a - b)
  const [middle = 0, longest = 0] = [recoveries[Math.floor(recoveries.length / 2)], recoveries.at(-1)]
  return [
    `Ledger after ${ledger.seconds} s`,
    accounts,
    '',
    table(['what was done', 'times'], [...rows(ledger.mischief), ['function processes killed', number(ledger.killed)]]),
    '',
    table(
      ['calls spoilt', 'times'],
      [...rows(ledger.spoilt), [`of ${number(ledger.calls)} calls`, number(sum(ledger.spoilt.values()))]],
    ),
    '',
    table(['invocations failed', 'events', 'words'], failures(ledger)),
    '',
    `recovered from ${recoveries.length} heavy faults, the middle one in ${seconds(middle)}, the longest in ${seconds(longest)}`,
  ].join('\n')
}

function failures({ events, words }: Ledger): string[][] {
  const names = new Set([...events.failures.keys(), ...words.failures.keys()])
  return [...names]
    .sort()
    .map((name) => [name, number(events.failures.get(name) ?? 0), number(words.failures.get(name) ?? 0)])
}

const rows = (counts: ReadonlyMap<string, number>): string[][] =>
  [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => [name, number(count)])
const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0)
const number = (value: number): string => value.toLocaleString('en')
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
