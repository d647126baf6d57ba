// B8 of exactly once: a bucket that is missing or may not be written to is said before the first commit; and what has been promised to a
// wrong place can be redirected or dropped, and then the job goes on.

import { describe, expect, it } from 'vitest'
import { type Job, job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { promisedOf } from '../../src/runtime/promised.ts'
import { setRedirect } from '../../src/runtime/redirects.ts'
import type { ObjectRef, ObjectStore } from '../../src/stores/object-store.ts'
import { serviceError } from '../../src/stores/service-errors.ts'
import { type MemoryEnvironment, memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { bringToRest } from '../support/rest.ts'

/** A store in which some buckets do not exist, or may not be written to. */
function without(objects: ObjectStore, gone: Map<string, 'NoSuchBucket' | 'AccessDenied'>) {
  const asked: string[] = []
  const guard =
    <A extends unknown[], T>(operation: string, refOf: (...args: A) => ObjectRef, run: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const ref = refOf(...args)
      asked.push(`${operation} ${ref.bucket}`)
      const name = gone.get(ref.bucket)
      if (!name) return run(...args)
      const cause = Object.assign(new Error(name), { name })
      throw serviceError({
        service: 's3',
        operation,
        target: `s3://${ref.bucket}/${ref.key}`,
        action: 's3:PutObject',
        cause,
      })
    }
  const store: ObjectStore = {
    ...objects,
    put: guard('PutObject', (ref) => ref, objects.put),
    stage: guard('CreateMultipartUpload', (ref) => ref, objects.stage),
    complete: guard('CompleteMultipartUpload', ({ ref }) => ref, objects.complete),
    exists: async (ref) =>
      gone.get(ref.bucket) === 'NoSuchBucket' ? false : guard('HeadObject', (r: ObjectRef) => r, objects.exists)(ref),
  }
  return { store, asked }
}

function setUp() {
  const environment = memoryEnvironment()
  const gone = new Map<string, 'NoSuchBucket' | 'AccessDenied'>()
  const { store, asked } = without(environment.objects, gone)
  const another = (code: string): Environment => ({ ...environment.another({ code }), objects: store })
  return { environment, gone, asked, another }
}

const saving = (bucket: string): Job =>
  job('saving', { batch: 1000, onPoison: 'quarantine', quarantine: 's3://aside/bad' }, ({ kafka }) => {
    const values = kafka('lines', { value: text() }).map(({ value }) => value)
    values.saveAsTextFiles(`s3://${bucket}/out`)
    values
      .map((value) => [value, 1] as const)
      .reduceByKey((a, b) => a + b)
      .saveAsTextFiles(`s3://${bucket}/counts`)
  })

const first = kafkaEvent({ 'lines-0': lines(['a', 'b'], { step: 500 }) })
const second = kafkaEvent({ 'lines-0': lines(['c', 'd'], { from: 2, at: 1000, step: 500 }) })

describe.each([
  ['NoSuchBucket', 'BUCKET_MISSING'],
  ['AccessDenied', 'BUCKET_FORBIDDEN'],
] as const)('a bucket with %s', (name, code) => {
  it.each(['results', 'aside'])('is said before the first commit: %s', async (bucket) => {
    const { gone, another, environment } = setUp()
    gone.set(bucket, name)
    const handler = lambda(saving('results'), { environment: another('v1') })
    for (let i = 0; i < 2; i++) {
      await expect(handler(first)).rejects.toMatchObject({ code, message: expect.stringContaining(`s3://${bucket}/`) })
    }
    expect(await environment.table.head({ job: 'saving', stage: 'source', task: 'lines-0' })).toBeUndefined()
    gone.clear()
    await handler(first)
    expect([...(await readObjects(environment.objects, 'results')).values()]).toEqual(['a\nb\n'])
    expect(environment.objects.stagedCount()).toBe(0)
  })

  async function promised() {
    const { gone, another, environment } = setUp()
    const warm = lambda(saving('wrong'), { environment: another('v1') })
    await warm(first)
    gone.set('wrong', name)
    const trouble = {
      code,
      message: expect.stringContaining("npx millrace outbox redirect 'saving' --from s3://wrong --to s3://another"),
    }
    await expect(warm(second)).rejects.toMatchObject(trouble) // its commit is made, and publishing fails
    return { another, environment, trouble }
  }
  async function goOn(another: (code: string) => Environment, environment: MemoryEnvironment) {
    environment.setTime(environment.clock.now() + 60_000)
    const mended = lambda(saving('right'), { environment: another('v2'), accept: ['combineByKey(lines)'] })
    await mended(second)
    await mended(kafkaEvent({ 'lines-0': lines(['e'], { from: 4, at: 2000 }) }))
    await bringToRest('saving', mended, environment)
    return readObjects(environment.objects, 'right')
  }

  it('that objects have been promised to: they go elsewhere once that is said, and mended code goes on', async () => {
    const { another, environment, trouble } = await promised()
    const { table, objects } = environment
    const mended = lambda(saving('right'), { environment: another('v2'), accept: ['combineByKey(lines)'] })
    await expect(mended(second)).rejects.toMatchObject(trouble) // the promise of the code before still stands
    const wrong = (await promisedOf(table, objects, 'saving')).filter(({ ref }) => ref.bucket === 'wrong')
    expect(wrong).toMatchObject([
      { stage: 'source', task: 'lines-0', ref: { key: expect.stringContaining('out-2000/') }, staged: false },
    ])
    await setRedirect(table, 'saving', 'wrong', { to: 'right' })
    const right = await goOn(another, environment)
    expect([...right].filter(([key]) => key.startsWith('out') && key.includes('part')).map(([, body]) => body)).toEqual(
      ['c\nd\n', 'e\n'],
    )
    expect([...right.keys()]).toContain('out-3000/_SUCCESS')
  })

  it('that objects have been promised to: they are given up once that is said', async () => {
    const { another, environment } = await promised()
    await setRedirect(environment.table, 'saving', 'wrong', 'dropped')
    const right = await goOn(another, environment)
    expect([...right].filter(([key]) => key.startsWith('out') && key.includes('part')).map(([, body]) => body)).toEqual(
      ['e\n'],
    )
    expect(
      environment.logged.some(
        ({ level, message }) => level === 'warn' && message.includes('goes where the job was told'),
      ),
    ).toBe(true)
  })
})

it('what is staged in a bucket cannot go to another, and can be given up', async () => {
  const { gone, another, environment } = setUp()
  const large = job('saving', { batch: 1000 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => value + incompressible(200_000))
      .saveAsTextFiles('s3://wrong/out')
  })
  const { objects, ...services } = another('v1')
  const broken = lambda(large, {
    environment: { ...services, objects: { ...objects, complete: () => Promise.reject(new Error('down')) } },
  })
  await expect(broken(first)).rejects.toThrow('down')
  gone.set('wrong', 'AccessDenied')
  await setRedirect(environment.table, 'saving', 'wrong', { to: 'right' })
  const next = lambda(large, { environment: another('v1') })
  await expect(next(second)).rejects.toMatchObject({ code: 'STAGED_ELSEWHERE' })
  await setRedirect(environment.table, 'saving', 'wrong', 'dropped')
  await expect(next(second)).rejects.toMatchObject({ code: 'BUCKET_FORBIDDEN' }) // its own output cannot be staged there either
  gone.clear()
  await next(second)
})

it('places are looked at once for new code, not at every cold start', async () => {
  const { another, asked } = setUp()
  await lambda(saving('results'), { environment: another('v1') })(first)
  expect(asked.filter((one) => one.startsWith('CreateMultipartUpload'))).toHaveLength(3)
  asked.length = 0
  await lambda(saving('results'), { environment: another('v1') })(second)
  expect(asked.filter((one) => one.startsWith('CreateMultipartUpload'))).toEqual([])
})
