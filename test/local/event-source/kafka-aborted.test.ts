// Aborted transactions, as Kafka lists them with what was fetched: by their ends, lying over each other.

import { expect, it } from 'vitest'
import { type FetchedRecord, hideAborted } from '../../../src/local/event-source/kafka-aborted.ts'

/** `a0`: a record of producer a in a transaction; `a!`: a marker of its; `-0`: a record outside of transactions. */
function fetched(text: string, aborted: readonly (readonly [producer: string, first: number])[], from = 0) {
  const messages = text.split(' ').map((word, i): FetchedRecord => {
    const producerId = word[0] ?? ''
    return {
      offset: String(from + i),
      key: word.endsWith('!') || word.endsWith('0') ? Buffer.from([0, 0, 0, 0]) : null,
      isControlRecord: word.endsWith('!'),
      batchContext: { producerId, inTransaction: producerId !== '-' },
    }
  })
  const partition = {
    abortedTransactions: aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) })),
    messages,
  }
  hideAborted(partition)
  expect(partition.abortedTransactions).toEqual([]) // or kafkajs would filter once more, in its way
  return messages.flatMap(({ isControlRecord }, i) => (isControlRecord ? [] : [from + i])).join(' ')
}

it.each([
  ['no transaction', '-1 -1 -1', [], '0 1 2'],
  ['committed', 'a1 a1 a! -1', [], '0 1 3'],
  ['aborted', 'a1 a1 a! -1', [['a', 0]], '3'],
  ['aborted, then committed by the same producer', 'a1 a! a1 a!', [['a', 0]], '2'],
  ['committed, then aborted by the same producer', 'a1 a! a1 a! a1 a!', [['a', 2]], '0 4'],
  ['one around another that ended earlier', 'a1 a1 b1 b! a1 a! -1', [['b', 2], ['a', 0]], '6'], // biome-ignore format: a table
  ['a committed one between the records of an aborted one', 'a1 b1 a1 b! a! -1', [['a', 0]], '1 5'],
  ['keys that look like a marker', 'a0 a1 a! -0', [['a', 0]], '3'],
  ['records outside of transactions, between them', '-1 a1 -1 a! -1', [['a', 1]], '0 2 4'],
] as const)('%s', (_, text, aborted, visible) => {
  expect(fetched(text, aborted)).toBe(visible)
})

it('two that had begun before what was fetched', () => {
  expect(
    fetched(
      'b1 a1 a! b! -1',
      [
        ['a', 0],
        ['b', 1],
      ],
      3,
    ),
  ).toBe('7')
})
