import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { testJob, testStream } from 'millrace/testing'
import { countWords, words } from '../functions/words.ts'

test('words of a batch are counted', async () => {
  const batches = await testStream({ batch: '5s', inputs: [[['to be', 'or not to be'], []]] }, countWords)
  const sorted = batches.map((batch) => batch.sort(([a], [b]) => a.localeCompare(b)))
  deepEqual(sorted, [
    [
      ['be', 2],
      ['not', 1],
      ['or', 1],
      ['to', 2],
    ],
    [],
  ])
})

test('the job writes the words of the last minute', async () => {
  const { outputs } = await testJob(words, { records: { lines: ['to be', { value: 'be', timestamp: '12s' }] } })
  const { 10_000: first, 20_000: second } = outputs['s3://results/words'] ?? {}
  deepEqual(
    [first?.toSorted(), second?.toSorted()],
    [
      ['(be,1)', '(to,1)'],
      ['(be,2)', '(to,1)'],
    ],
  )
})
