// One job, one function (I7): who runs a job stands in the table.

import { describe, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

const copy = job('copy', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map((record) => record.value)
    .saveAsTextFiles('s3://results/copy')
})

const event = kafkaEvent({ 'lines-0': lines(['a']) })

describe('a job name', () => {
  it('belongs to the function that ran it first; another is refused before anything runs', async () => {
    const environment = memoryEnvironment(Date.UTC(2024, 0, 2))
    await lambda(copy, { environment })(event)
    const stranger = lambda(copy, { environment: environment.another({ owner: 'stranger' }) })
    const next = kafkaEvent({ 'lines-0': lines(['b'], { from: 1 }) })
    await expect(stranger(next)).rejects.toMatchObject({
      code: 'JOB_NAME_TAKEN',
      message:
        "The job 'copy' in this table belongs to 'test' (since 2024-01-02T00:00:00.000Z), and 'stranger' wants to run a job of that name too. " +
        'Give one of the jobs another name or another table. If this function replaces the other, deploy it with lambda(job, { takeOver: true }).',
    })
    expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual(['a\n'])
  })

  it('can be taken over, and then the former owner is refused at its next cold start', async () => {
    const environment = memoryEnvironment()
    await lambda(copy, { environment })(event)
    const heir = lambda(copy, { environment: environment.another({ owner: 'heir' }), takeOver: true })
    await heir(kafkaEvent({ 'lines-0': lines(['b'], { from: 1 }) }))
    expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual(['a\n', 'b\n'])
    await expect(lambda(copy, { environment: environment.another() })(event)).rejects.toMatchObject({
      code: 'JOB_NAME_TAKEN',
    })
  })

  it('stays refused: the error comes again with every event', async () => {
    const environment = memoryEnvironment()
    await lambda(copy, { environment })(event)
    const stranger = lambda(copy, { environment: environment.another({ owner: 'stranger' }) })
    for (let i = 0; i < 2; i++) await expect(stranger(event)).rejects.toMatchObject({ code: 'JOB_NAME_TAKEN' })
  })

  it('is claimed once when several instances of the function start at the same moment', async () => {
    const environment = memoryEnvironment()
    const handlers = Array.from({ length: 4 }, (_, i) => ({
      handler: lambda(copy, { environment: environment.another() }),
      records: kafkaEvent({ [`lines-${i}`]: lines([`${i}`]) }),
    }))
    await Promise.all(handlers.map(({ handler, records }) => handler(records)))
    expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual(['0\n', '1\n', '2\n', '3\n'])
    expect((await environment.table.getRow('copy', 'meta'))?.rev).toBe(1)
  })
})

describe('partitions that are known when the job starts', () => {
  it('hold batches back until they have passed them, whether they have come or not', async () => {
    const environment = memoryEnvironment()
    const known: Environment = { ...environment, partitions: new Map([['lines', 2]]) }
    const handler = lambda(copy, { environment: known })
    await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: 500, step: 1000 }) }))
    expect([...(await readObjects(environment.objects, 'results')).keys()]).not.toContain('copy-1000/_SUCCESS')
    await handler(kafkaEvent({ 'lines-1': lines(['x'], { at: 1200 }) }))
    expect([...(await readObjects(environment.objects, 'results')).keys()]).toContain('copy-1000/_SUCCESS')
  })

  it('are introduced again when the first attempt failed half way', async () => {
    const environment = memoryEnvironment()
    const { table } = environment
    let appends = 0
    const partitions = new Map([['lines', 3]])
    const failing: Environment = {
      ...environment,
      partitions,
      table: {
        ...table,
        append: (task, item) => (++appends > 3 ? Promise.reject(new Error('down')) : table.append(task, item)),
      },
    }
    const records = kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: 500, step: 1000 }) })
    await expect(lambda(copy, { environment: failing })(records)).rejects.toThrow('down')
    const handler = lambda(copy, { environment: environment.another({ partitions }) })
    await handler(records)
    expect([...(await readObjects(environment.objects, 'results')).keys()]).not.toContain('copy-1000/_SUCCESS')
    await bringToRest('copy', handler, environment)
    for (const task of ['lines-0', 'lines-1', 'lines-2'])
      expect(await table.head({ job: 'copy', stage: 'source', task }), task).toBeDefined()
  })

  it('may become more: new ones join at the next deployment', async () => {
    const environment = memoryEnvironment()
    const deploy = (count: number, code: string) =>
      lambda(copy, { environment: environment.another({ partitions: new Map([['lines', count]]), code }) })
    await deploy(1, 'v1')(kafkaEvent({ 'lines-0': lines(['a'], { at: 500 }) }))
    await deploy(2, 'v1')(kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 1500 }) }))
    expect([...(await readObjects(environment.objects, 'results')).keys()]).not.toContain('copy-1000/_SUCCESS')
  })
})

describe('a schema that cannot be read', () => {
  it.each<[string, string | number]>([
    ['no JSON', '{"batch":1000,'],
    ['something else', '[]'],
    ['an operator that is none', '{"batch":1000,"operators":[{"id":"a"}]}'],
    ['no text', 7],
  ])('is a named error before new code runs, never taken for none: %s', async (_, schema) => {
    const environment = memoryEnvironment()
    await lambda(copy, { environment })(event)
    const row = await environment.table.getRow('copy', 'meta')
    await environment.table.putRow('copy', 'meta', { rev: 9, data: { ...row?.data, schema } })
    await expect(lambda(copy, { environment: environment.another({ code: 'v2' }) })(event)).rejects.toMatchObject({
      code: 'UNREADABLE_STATE',
      message: expect.stringContaining('Cannot read the schema of job copy in row meta: '),
    })
  })
})
