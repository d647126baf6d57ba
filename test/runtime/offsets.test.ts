// Offsets that are missing, or that mean other records now, seen from the handler (I7).

import { describe, expect, it } from 'vitest'
import { type GapPolicy, job, type OffsetHoles, seconds, text } from '../../src/index.ts'
import { type LambdaHandler, lambda } from '../../src/lambda/index.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

function copy(environment: MemoryEnvironment, source: { gaps?: GapPolicy; holes?: OffsetHoles } = {}): LambdaHandler {
  const copying = job('copy', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text(), ...source })
      .map((record) => record.value)
      .saveAsTextFiles('s3://results/copy')
  })
  return lambda(copying, { environment })
}

const before = kafkaEvent({ 'lines-0': lines(['a', 'b']) })
const after = kafkaEvent({ 'lines-0': lines(['f'], { from: 5, at: 500 }) })

const written = async ({ objects }: MemoryEnvironment): Promise<string> =>
  [...(await readObjects(objects, 'results')).values()].join('')

describe('a hole in the offsets', () => {
  it('is an error that names it, also to a process that knows nothing', async () => {
    const environment = memoryEnvironment()
    const handler = copy(environment)
    await handler(before)
    const message = expect.stringMatching(/task lines-0: offsets 2 to 4 \(3\) are missing\..*gaps.*holes/s)
    const expected = { code: 'OFFSET_GAP', from: 2, until: 5, message }
    await expect(handler(after)).rejects.toMatchObject(expected)
    await expect(copy(environment.another())(after)).rejects.toMatchObject(expected)
    expect(await written(environment)).toBe('a\nb\n')
  })

  it('inside of an event too', async () => {
    const environment = memoryEnvironment()
    const event = kafkaEvent({ 'lines-0': [...lines(['a']), ...lines(['c'], { from: 2 })] })
    await expect(copy(environment)(event)).rejects.toMatchObject({ code: 'OFFSET_GAP', from: 1, until: 2 })
    expect(await written(environment)).toBe('')
  })

  it("is not one at a task's beginning: the topic may start anywhere", async () => {
    const environment = memoryEnvironment()
    await copy(environment)(after)
    expect(await written(environment)).toBe('f\n')
  })

  it("is passed over with gaps: 'skip', leaving no trace but the counter", async () => {
    const environment = memoryEnvironment()
    const handler = copy(environment, { gaps: 'skip' })
    await handler(before)
    await handler(after)
    expect(await written(environment)).toBe('a\nb\nf\n')
    expect(await readObjects(environment.objects, 'state')).toEqual(new Map())
  })

  it("is written down with gaps: 'quarantine'", async () => {
    const environment = memoryEnvironment()
    const handler = copy(environment, { gaps: 'quarantine' })
    await handler(before)
    await handler(after)
    expect(await written(environment)).toBe('a\nb\nf\n')
    expect(await readObjects(environment.objects, 'state')).toEqual(
      new Map([
        [
          '_millrace/quarantine/copy/lines-0-00000000000000000005.ndjson',
          '{"kind":"gap","task":"lines-0","from":2,"until":5}\n',
        ],
      ]),
    )
  })

  it.each(['compacted', 'transactional', 'filtered'] as const)('is expected when holes: %o', async (holes) => {
    const environment = memoryEnvironment()
    const handler = copy(environment, { holes, gaps: 'quarantine' })
    await handler(before)
    await handler(after)
    expect(await written(environment)).toBe('a\nb\nf\n')
    expect(await readObjects(environment.objects, 'state')).toEqual(new Map())
  })

  it('is no hole when another instance has gone on in between', async () => {
    const environment = memoryEnvironment()
    const [here, there] = [copy(environment), copy(environment.another())]
    await here(before)
    await there(kafkaEvent({ 'lines-0': lines(['c', 'd', 'e'], { from: 2, at: 200 }) }))
    await here(after)
    expect(await written(environment)).toBe('a\nb\nc\nd\ne\nf\n')
  })
})

describe('a topic that was deleted and made again', () => {
  const environment = async (): Promise<MemoryEnvironment> => {
    const made = memoryEnvironment()
    await copy(made)(before)
    return made
  }

  it('shows by a duplicate that is younger than anything committed', async () => {
    const made = await environment()
    const event = kafkaEvent({ 'lines-0': lines(['x'], { at: 9000 }) })
    await expect(copy(made)(event)).rejects.toMatchObject({
      code: 'TOPIC_RECREATED',
      message: expect.stringMatching(
        /task lines-0 seems to have been deleted and made again.*9000.*\(100\).*up to offset 2, and now sees offset 0/s,
      ),
    })
    expect(await written(made)).toBe('a\nb\n')
  })

  it('shows by another timestamp at the last committed offset, even an earlier one', async () => {
    const made = await environment()
    const event = kafkaEvent({ 'lines-0': lines(['x', 'y'], { at: 0, step: 50 }) })
    await expect(copy(made)(event)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
  })

  it('is not seen in records that only come again', async () => {
    const made = await environment()
    await copy(made)(before)
    await copy(made)(kafkaEvent({ 'lines-0': lines(['a', 'b', 'c']) }))
    expect(await written(made)).toBe('a\nb\nc\n')
  })
})
