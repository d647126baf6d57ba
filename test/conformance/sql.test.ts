// SQL inside `transform`: Spark's example SqlNetworkWordCount, and a batch with a list and another stream, over one partition and several,
// warm and restarted before every batch. `testStream` freezes what functions are given.

import type { Batch } from 'millrace'
import { table, table2 } from './run.ts'

const WORDS = [['a', 'b', 'a'], ['b'], ['c', 'c', 'a', 'c']]

table('SqlNetworkWordCount', {
  input: WORDS,
  of: (words) =>
    words
      .map((word) => ({ word }))
      .transform((batch) =>
        batch.sql('select word, count(*) as total from batch group by word', {
          returns: { word: 'text', total: 'number' },
        }),
      ),
  expected: [
    [
      { word: 'a', total: 2 },
      { word: 'b', total: 1 },
    ],
    [{ word: 'b', total: 1 }],
    [
      { word: 'a', total: 1 },
      { word: 'c', total: 3 },
    ],
  ],
})

table('what comes of a statement goes on as any batch', {
  input: WORDS,
  of: (words) =>
    words
      .transform((batch) => batch.sql('select value as word, 1::bigint as n from batch'))
      .map(({ word, n }) => [String(word), n === 1n ? 1 : 0] as const)
      .reduceByKey((a, b) => a + b),
  expected: [
    [
      ['a', 2],
      ['b', 1],
    ],
    [['b', 1]],
    [
      ['a', 1],
      ['c', 3],
    ],
  ],
})

const columns = { value: 'text' } as const
const inBoth = (batch: Batch<string>, other: Batch<string>) =>
  batch.sql('select value from batch semi join others using (value)', {
    columns,
    tables: { others: { rows: other, columns } },
    returns: columns,
  })

table2('two streams', {
  left: WORDS,
  right: [['a'], [], ['a', 'c']],
  of: (left, right) => left.transformWith(right, inBoth).map(({ value }) => value),
  expected: [['a', 'a'], [], ['c', 'c', 'a', 'c']],
})
