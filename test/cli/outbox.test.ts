// B8 of exactly once, with the remedy that the error names: an object is promised to a bucket that may no longer be written to, and one command
// lets the job go on. The function in this process, the table behind DynamoDB's protocol, the command line in a process of its own.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { job, seconds, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { serviceError } from '../../src/stores/service-errors.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { type Emulated, startEmulated } from '../support/emulated.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { type NodeProcess, runNode } from '../support/node-process.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

let folder: string
let services: Emulated
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-outbox-'))
  services = await startEmulated(folder)
})
afterEach(async () => {
  await services.stop()
  await rm(folder, { recursive: true, force: true })
})

const millrace = (...args: string[]): Promise<NodeProcess> =>
  runNode(['--conditions=millrace-source', MAIN, 'outbox', ...args], { env: { ...process.env, ...services.variables } })

const copy = job('copy', { batch: seconds(1) }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => value)
    .saveAsTextFiles('s3://wrong/copy')
})

it('shows what was promised, redirects it when told to execute, and the job goes on', async () => {
  const { table, objects } = services
  let gone = false
  const put: typeof objects.put = (ref, body, options) => {
    if (!gone || ref.bucket !== 'wrong') return objects.put(ref, body, options)
    const cause = Object.assign(new Error('NoSuchBucket'), { name: 'NoSuchBucket' })
    const target = `s3://${ref.bucket}/${ref.key}`
    return Promise.reject(
      serviceError({ service: 's3', operation: 'PutObject', target, action: 's3:PutObject', cause }),
    )
  }
  const environment = { ...memoryEnvironment(), table, objects: { ...objects, put }, bucket: 'state' }
  const handler = lambda(copy, { environment })
  await handler(kafkaEvent({ 'lines-0': lines(['a']) }))
  gone = true
  const event = kafkaEvent({ 'lines-0': lines(['b'], { from: 1, at: 100 }) })
  const [failed] = await Promise.allSettled([handler(event)])
  const message = failed?.status === 'rejected' ? String(failed.reason) : ''
  const [, from = ''] = /npx millrace outbox redirect 'copy' --from (\S+) --to/.exec(message) ?? []
  expect(from).toBe('s3://wrong')

  const part = 's3://wrong/copy-1000/part-lines-0-00000000000000000001'
  const listed = await millrace('list', 'copy')
  expect(listed.stdout).toContain(`${part} (2 bytes), by source lines-0`)
  const dry = await millrace('redirect', 'copy', '--from', from, '--to', 's3://right')
  expect(dry.stdout).toContain('s3://wrong: as promised → to s3://right')
  expect(dry.stdout).toContain('Nothing was changed: add --execute')
  await expect(handler(event)).rejects.toMatchObject({ code: 'BUCKET_MISSING' })
  const done = await millrace('redirect', 'copy', '--from', from, '--to', 's3://right', '--execute', '--json')
  expect(JSON.parse(done.stdout)).toMatchObject({
    job: 'copy',
    from: 'wrong',
    before: null,
    next: { to: 'right' },
    promised: [{ url: part, stage: 'source', task: 'lines-0', staged: false }],
    executed: true,
  })
  await handler(event)
  expect(await readObjects(objects, 'right')).toEqual(new Map([['copy-1000/part-lines-0-00000000000000000001', 'b\n']]))
})

it.each([
  [['redirect', 'copy', '--from', 'wrong', '--to', 's3://right'], '--from wrong is no bucket'],
  [['redirect', 'copy', '--from', 's3://wrong', '--to', 's3://right/prefix'], '--to s3://right/prefix is no bucket'],
  [['list', 'nobody'], "holds no job 'nobody'"],
] as const)('refuses %j', async (args, message) => {
  await lambda(copy, { environment: { ...memoryEnvironment(), table: services.table, objects: services.objects } })(
    kafkaEvent({ 'lines-0': lines(['a']) }),
  )
  const { code, stderr } = await millrace(...args)
  expect(stderr).toContain(message)
  expect(code).not.toBe(0)
})
