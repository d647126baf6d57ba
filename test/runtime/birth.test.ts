// How a task comes into being: its log begins with a birth, and nobody takes a newborn's log for a lost one (I7).

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const copy = job('copy', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

describe('the birth of a task', () => {
  it('may happen in two instances at once: the second, which saw an empty log, does not call it lost', async () => {
    const first = memoryEnvironment()
    const event = kafkaEvent({ 'lines-0': lines(['a', 'b']) })
    let between: (() => Promise<unknown>) | undefined = () => lambda(copy, { environment: first })(event)
    const second: Environment = {
      ...first.another(),
      table: {
        ...first.table,
        async head(task) {
          const found = await first.table.head(task)
          const other = between
          between = undefined
          await other?.()
          return found
        },
      },
    }
    await lambda(copy, { environment: second })(event)
    const parts = [...(await readObjects(first.objects, 'results')).values()].join('')
    expect(parts).toBe('a\nb\n')
  })
})
