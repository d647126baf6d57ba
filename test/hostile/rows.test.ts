// Rows of a job carry no checksum: they are hints, and a name. Whatever stands in them, records are committed and batches
// closed exactly, or the job is refused by name.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Job, job, MillraceError, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { JobRow } from '../../src/stores/table.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const copy: Job = job('copy', { batch: 1000 }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://results/copy')
})

const odd = fc.oneof(
  fc.constantFrom<JobRow['data'][string]>(null, '', 'x', 0, -1, 1e300, 2 ** 53, '9007199254740993', true, [], {}),
  fc.integer(),
)
const row: fc.Arbitrary<JobRow> = fc.record({
  rev: fc.integer({ min: 1, max: 1000 }),
  data: fc.dictionary(
    fc.constantFrom('at', 'fired', 'holder', 'until', 'owner', 'code', 'topics', 'schema', 'since'),
    odd,
    { noNullPrototype: true },
  ),
})

it('of any contents do not change what is written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('wake', 'lease#close', 'meta'), row, async (name, contents) => {
      const environment = memoryEnvironment()
      await lambda(copy, { environment })(kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }) }))
      expect(await environment.table.getRow('copy', name === 'lease#close' ? 'meta' : name)).toBeDefined()
      await environment.table.putRow('copy', name, contents)
      environment.setTime(environment.clock.now() + 60_000)
      const handler = lambda(copy, { environment: environment.another() })
      try {
        await handler(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
      } catch (error) {
        expect(name).toBe('meta')
        expect(error).toBeInstanceOf(MillraceError)
        return
      }
      expect([...(await readObjects(environment.objects, 'results'))]).toEqual([
        ['copy-1000/_SUCCESS', ''],
        ['copy-1000/part-lines-0-00000000000000000000', 'a\n'],
        ['copy-2000/part-lines-0-00000000000000000001', 'b\n'],
      ])
    }),
    { numRuns: 500 },
  )
})

it('a look-out whose clock runs years ahead does not keep others from looking for years', async () => {
  const environment = memoryEnvironment()
  const now = environment.clock.now()
  await lambda(copy, { environment })(kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }) }))
  const trustExpired = Number.POSITIVE_INFINITY // or it would take all logs for expired, and do nothing
  const ahead = { ...environment.another(), trustExpired, clock: { now: () => now + 10 * 365 * 86_400_000 } }
  await lambda(copy, { environment: ahead })(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
  environment.setTime(now + 60_000)
  await lambda(copy, { environment: environment.another() })(
    kafkaEvent({ 'lines-0': lines(['c'], { from: 2, at: 2500 }) }),
  )
  expect([...(await readObjects(environment.objects, 'results', 'copy-2000/')).keys()]).toContain('copy-2000/_SUCCESS')
})
