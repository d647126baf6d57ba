// The declarations of commit records: what older code has written is read, what other code would write is refused, and the compiler
// holds those who write them to the same declaration.

import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type BucketCommit,
  type CloseCommit,
  type Effect,
  isBucketCommit,
  isCloseCommit,
  isSourceCommit,
  isState,
  NO_COUNTS,
  type SourceCommit,
  sourceCommitAt,
} from '../../src/log/commit-record.ts'
import { isKafkaCommit, type KafkaCommit } from '../../src/sources/kafka/position.ts'
import { text } from '../../src/values/shape.ts'

const ref = { bucket: 'results', key: 'a' }
const outbox: readonly Effect[] = [
  { kind: 'put', ref, contentType: 'text/plain', body: new Uint8Array(1), packed: true },
  { kind: 'complete', staged: { ref, token: 'upload', parts: ['etag'], bytes: 1 } },
  { kind: 'print', text: 'a' },
  { kind: 'wake', at: 1 },
]
const partial = {
  time: 1,
  shuffle: [['sum/0', 0, [1]] as const, ['sum/0', 1, [1], 2] as const],
  samples: [['print-0', ['a']] as const],
}
const kept = {
  state: [['sum', [{ cell: 'a', value: 1, deleted: false }]] as const, ['sum2', [], 2] as const],
  snapshot: { version: 1, ref, bytes: 1 },
  logBytes: 1,
  logSince: 1.5,
  logFor: 1,
}

const source: KafkaCommit = {
  kind: 'batch',
  at: 1,
  active: 1,
  code: 'c',
  plan: 'p',
  position: {
    from: 1,
    until: 2,
    timestamp: -1,
    maxTimestamp: 1,
    ahead: [[1, 2]],
    began: 0,
    first: 1,
    prints: new Uint8Array(1),
    printsFrom: 1,
  },
  frontier: 1,
  partials: [partial],
  outbox,
  counts: NO_COUNTS,
  totals: NO_COUNTS,
  inPlace: { ...kept, since: 1, next: 1 },
}
const close: CloseCommit = {
  kind: 'close',
  at: 1,
  code: 'c',
  closedUntil: 1,
  retention: 1,
  before: 1,
  tasks: [{ stage: 'source', task: 'lines-0', read: 1, frontier: 1, next: 1, asleep: true }],
  buckets: [['sum', [1]]],
  closed: [1],
  lacking: [[1, ['s3://results/a']]],
  outbox,
}
const bucket: BucketCommit = {
  kind: 'bucket',
  at: 1,
  code: 'c',
  plan: 'p',
  closedUntil: 1,
  ran: [1],
  due: 1,
  ...kept,
  partials: [partial],
  outbox,
}

const RECORDS = [
  ['a source task', isKafkaCommit, source, ['plan', 'position', 'inPlace']],
  ['the closing task', isCloseCommit, close, ['retention', 'lacking']],
  ['a bucket', isBucketCommit, bucket, ['plan', 'due', 'snapshot', 'logFor']],
] as const

/** With another value, or none, in one of the fields. */
const but = (record: object, field: string, value: unknown): unknown => ({ ...record, [field]: value })

describe.each(RECORDS)('a commit of %s', (_, is, record, absent) => {
  const fields = Object.keys(record)

  it('passes, with what newer code may add', () => {
    expect([is(record), is({ ...record, later: 1 })]).toEqual([true, true])
  })

  it('is none of another task', () => {
    expect(RECORDS.filter(([, other]) => other(record))).toHaveLength(1)
  })

  it.each(fields)('needs %s to be what it is', (field) => {
    const odd = [null, 'odd', 0.5e300, -(2 ** 60), [null], {}, Symbol('odd')]
    const allowed = odd.filter((value) => is(but(record, field, value)))
    expect(allowed).toEqual(field === 'code' || field === 'plan' ? ['odd'] : [])
    const { [field]: gone, ...rest } = Object.fromEntries(Object.entries(record))
    expect([gone !== undefined, is(rest)]).toEqual([true, absent.some((name) => name === field)])
  })
})

describe('what older code has written', () => {
  it('is read: positions that say less, or timestamps beyond what a number holds exactly', () => {
    const least = { from: 1, until: 1, timestamp: 2 ** 63, maxTimestamp: 2 ** 63 }
    expect(isKafkaCommit({ ...source, position: least })).toBe(true)
    expect(isKafkaCommit({ ...source, position: { ...least, began: undefined, first: undefined } })).toBe(true)
  })

  it('is read: values that have no version', () => {
    expect(isState([['sum', []]])).toBe(true)
    expect(isState([['sum', [], 1]])).toBe(false)
  })
})

it('what a position is, its source alone says', () => {
  expect(isSourceCommit({ ...source, position: 'a sequence number' })).toBe(true)
  expect(sourceCommitAt(text)({ ...source, position: 'a sequence number' })).toBe(true)
  expect(sourceCommitAt(text)(source)).toBe(false)
})

it('a position does not end before it begins', () => {
  expect(isKafkaCommit({ ...source, position: { ...source.position, from: 3 } })).toBe(false)
})

it('the compiler holds writers to it', () => {
  // @ts-expect-error: no such kind
  expect(isCloseCommit({ ...close, kind: 'closing' } satisfies CloseCommit)).toBe(false)
  // @ts-expect-error: a field is missing
  const without: Omit<CloseCommit, 'before'> extends CloseCommit ? true : never = true
  // @ts-expect-error: of one kind what is of another
  const effect: Effect = { kind: 'wake', text: 'a' }
  // @ts-expect-error: nobody changes a record
  const change = (record: SourceCommit) => (record.frontier = 1)
  expect([without, effect, change].length).toBe(3)
  expectTypeOf<SourceCommit['plan']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Extract<Effect, { kind: 'print' }>>().toEqualTypeOf<{ readonly kind: 'print'; readonly text: string }>()
  expectTypeOf<keyof Extract<Effect, { kind: 'put' }>>().toEqualTypeOf<
    'kind' | 'ref' | 'contentType' | 'body' | 'packed'
  >()
})
