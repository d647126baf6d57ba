// Where operators run, and that what emits the whole state emits all of it.

import { expect, it } from 'vitest'
import { type DStream, type Job, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { planned } from '../support/definition.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const add = (a: number, b: number): number => a + b

function words(define: (ones: DStream<readonly [string, number]>) => void): Job {
  return job('words', { batch: 1000, idleAfter: 5000, numPartitions: 3 }, ({ kafka }) => {
    define(kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const))
  })
}

const stagesOf = (define: (ones: DStream<readonly [string, number]>) => void): string[] =>
  planned(words(define)).stages.map(({ steps }) => steps.map(({ node }) => node.operator.kind).join(' '))

it('keeps what is spread alike in one stage', () => {
  expect(stagesOf((ones) => ones.reduceByKey(add).mapValues(String).groupByKey().print())).toEqual([
    'combineByKey map combineByKey',
  ])
  expect(stagesOf((ones) => ones.reduceByKeyAndWindow(add, (a, b) => a - b, 2000, 1000).print())).toEqual([
    'combineByKey inverseWindow',
  ])
  expect(
    stagesOf((ones) =>
      ones
        .reduceByKey(add)
        .map(([word, n]) => [n, word] as const)
        .groupByKey()
        .print(),
    ),
  ).toEqual(['combineByKey map', 'combineByKey'])
})

it('emits the whole state also when only some windows are still open', async () => {
  const counts = words((ones) =>
    ones
      .reduceByKey(add)
      .window(3000, 1000)
      .updateStateByKey((values: readonly number[], n: number | undefined) => (n ?? 0) + values.length)
      .saveAsTextFiles('s3://results/counts'),
  )
  const environment = memoryEnvironment(1_000_000)
  const handler = lambda(counts, { environment })
  // Keys come one after the other, so that the windows of their buckets empty at different times.
  const values = ['a', 'b', 'c', 'd', 'e', 'f']
  await handler(kafkaEvent({ 'lines-0': lines(values, { at: 1000, step: 1000 }) }))
  for (let wake = 0; wake < environment.armed.length; wake++) {
    const at = environment.armed[wake] ?? 0
    environment.setTime(at)
    const body = JSON.stringify({ millrace: 'wake', job: 'words', at })
    await handler({ Records: [{ eventSource: 'aws:sqs', body }] })
  }
  const outputs = await readObjects(environment.objects, 'results')
  const times = [...outputs.keys()]
    .filter((key) => key.endsWith('_SUCCESS'))
    .map((key) => Number(/-(\d+)\//.exec(key)?.[1]))
  expect(times.length).toBeGreaterThan(values.length)
  for (const time of times) {
    const keys = [...outputs]
      .filter(([key]) => key.startsWith(`counts-${time}/part`))
      .flatMap(([, body]) =>
        body
          .trim()
          .split('\n')
          .map((line) => line.slice(1, 2)),
      )
    const came = values.filter((_, i) => 2000 + i * 1000 <= time)
    expect([time, keys.sort()]).toEqual([time, came])
  }
})
