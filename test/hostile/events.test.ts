// Whatever invokes the function: an event that is understood, or a named error of bounded length. Never an error of
// somebody else's, and never records that are not there.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { job, MalformedEventError, MillraceError, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { parseEvent as parse } from '../../src/lambda/parse-event.ts'
import { wakeUpMessage } from '../../src/lambda/sqs-waker.ts'
import { KAFKA } from '../../src/sources/kafka/kind.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { hostileName } from './hostile-names.ts'

const parseEvent = (event: unknown) => parse(event, [KAFKA])

const SEEDS: readonly unknown[] = [
  kafkaEvent({ 'lines-0': lines(['a', 'b', 'c']), 'lines-1': lines(['d']) }),
  { Records: [{ eventSource: 'aws:sqs', body: wakeUpMessage('copy', 1_000_000_000_000) }] },
]

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      '',
      '0',
      0,
      -1,
      1.5,
      1e300,
      2 ** 53,
      -0,
      true,
      [],
      {},
      [[]],
      [null],
      'aws:sqs',
      'aws:kafka',
      'x'.repeat(5000),
    ],
  ),
  fc.jsonValue({ maxDepth: 2 }),
  hostileName,
)

/** The value with some of its parts replaced, removed, renamed or doubled; `pick(n)` is 0 one time in n. */
function mutated(value: unknown, pick: (n: number) => number, put: () => unknown): unknown {
  if (pick(12) === 0) return put()
  if (Array.isArray(value)) {
    const list = value.map((one) => mutated(one, pick, put))
    if (pick(8) === 0) list.splice(pick(list.length + 1), pick(2), put())
    return list
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([name, one]) => {
    if (pick(25) === 0) return []
    return [[pick(25) === 0 ? String(put()) : name, mutated(one, pick, put)] as const]
  })
  return Object.fromEntries(entries)
}

const choices = fc.array(fc.nat(0xffff), { minLength: 150, maxLength: 150, size: 'max' })
const event = fc
  .tuple(fc.constantFrom(...SEEDS), choices, fc.array(odd, { minLength: 1, maxLength: 4 }))
  .map(([seed, tape, odds]) => {
    let at = 0
    const pick = (n: number): number => (tape[at++ % tape.length] ?? 0) % n
    return mutated(seed, pick, () => odds[pick(odds.length)])
  })

function parsed(value: unknown): 'understood' | 'refused' {
  try {
    parseEvent(value)
    return 'understood'
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedEventError)
    if (error instanceof Error) expect(error.message.length).toBeLessThan(1000)
    return 'refused'
  }
}

describe('an event', () => {
  it('of any JSON is understood or refused by name', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => parsed(value) !== undefined))
  })

  it.each<[unknown]>([[10n], [{ eventSource: 10n }], [{ eventSource: Symbol('s') }], [() => 1]])(
    'that is no JSON at all is refused: %o',
    (value) => {
      expect(parsed(value)).toBe('refused')
    },
  )

  it('that is nearly one is, too', () => {
    const met = new Set<string>()
    fc.assert(
      fc.property(event, (value) => void met.add(parsed(value))),
      { numRuns: 2000 },
    )
    expect([...met].sort()).toEqual(['refused', 'understood'])
  })

  it('through the handler commits what it holds or is a named error, and later events go on', async () => {
    const copy = job('copy', { batch: 1000, onPoison: 'skip' }, ({ kafka }) => {
      kafka('lines', { value: text(), gaps: 'skip' })
        .map(({ value, headers }) => `${value}${headers.length}`)
        .saveAsTextFiles('s3://results/copy')
    })
    await fc.assert(
      fc.asyncProperty(event, async (value) => {
        const environment = memoryEnvironment()
        const handler = lambda(copy, { environment })
        try {
          await handler(value)
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError)
        }
        const later = kafkaEvent({ 'lines-7': lines(['later'], { at: 500 }) })
        await lambda(copy, { environment: environment.another() })(later)
        const parts = await readObjects(environment.objects, 'results')
        expect([...parts].find(([key]) => key.includes('part-lines-7-'))?.[1]).toBe('later0\n')
      }),
      { numRuns: 300 },
    )
  })
})
