// `serverless millrace dev`: what serverless.yml says of functions and mappings goes to `millrace dev`, and runs there.

import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { guard, release } from '../../infra/guardian.ts'
import { planOf } from '../../src/serverless/dev.ts'
import { checkPluginOptions } from '../../src/serverless/options.ts'
import { REPOSITORY, ServiceFolder } from './service-folder.ts'

const provider = { compiledCloudFormationTemplate: { Resources: {} }, timeout: 20, environment: { STAGE: 'dev' } }
const kafka = { bootstrapServers: 'b:9092', partitions: { lines: 3 } }
const planned = (jobs: object, functions = {}) =>
  planOf(checkPluginOptions({ millrace: { kafka, jobs } }), { provider, functions }, 'eu-central-1')

it('takes over what serverless.yml says of a function and its mapping', () => {
  const { plan, notes } = planned(
    {
      words: { batchSize: 10, maximumBatchingWindow: 2, startingPosition: 'LATEST' },
      clicks: {
        provisionedPollerConfig: { minimumPollers: 1 },
        maximumRetryAttempts: 3,
        maximumRecordAgeInSeconds: 60,
        bisectBatchOnFunctionError: true,
        reportBatchItemFailures: true,
        startingPosition: 'AT_TIMESTAMP',
        startingPositionTimestamp: 1000,
      },
    },
    {
      words: {
        handler: 'a/words.handler',
        timeout: 5,
        environment: { BUCKET: { 'Fn::Join': ['-', ['r', { Ref: 'AWS::AccountId' }]] } },
      },
      clicks: { handler: 'a/clicks.run' },
    },
  )
  expect(notes).toEqual([])
  expect(plan).toMatchObject({
    partitions: { lines: 3 },
    functions: {
      words: {
        handler: 'a/words.handler',
        timeoutMs: 5000,
        env: { STAGE: 'dev', BUCKET: 'r-000000000000', AWS_REGION: 'eu-central-1' },
        mapping: {
          batchSize: 10,
          windowMs: 2000,
          startsAt: 'latest',
          maximumRetryAttempts: -1,
          maximumRecordAgeMs: -1,
        },
      },
      clicks: {
        timeoutMs: 20_000,
        env: { MILLRACE_REPORT_FAILURES: '1' },
        mapping: {
          batchSize: 1000,
          windowMs: 500,
          startsAt: 1_000_000,
          maximumRetryAttempts: 3,
          maximumRecordAgeMs: 60_000,
          bisectOnError: true,
          reportBatchItemFailures: true,
        },
      },
    },
  })
})

it('says what has no counterpart here', () => {
  const { plan, notes } = planned(
    {
      words: { filterPatterns: [{ value: { a: [1] } }], onFailureDestination: 'arn:aws:s3:::failed-batches' },
      off: { enabled: false },
    },
    {
      words: { handler: 'words.handler', environment: { LATER: { 'Fn::GetAtt': ['Other', 'Arn'] } } },
      off: { handler: 'off.handler' },
    },
  )
  expect(Object.keys(plan.functions)).toEqual(['words'])
  expect(notes).toEqual([
    expect.stringContaining('jobs.words: only CloudFormation knows LATER'),
    expect.stringContaining('jobs.words: filterPatterns are not applied'),
    expect.stringContaining('jobs.words: a batch that is given up is shown here'),
    expect.stringContaining('jobs.off: enabled is false'),
  ])
  expect(() => planned({ off: { enabled: false } }, { off: { handler: 'off.handler' } })).toThrow('no job is enabled')
  expect(() => planned({ words: {} })).toThrow('custom.millrace.jobs.words has no handler')
})

const job = (name: string) => `import { job, text } from 'millrace'
import { lambda } from 'millrace/lambda'
if (process.env.ONLY !== '${name}') throw new Error('the environment of another function')
export const handler = lambda(
  job('${name}', { batch: '1s' }, ({ kafka }) => {
    kafka('lines', { value: text() }).map(({ value }) => \`${name} got \${value}\`).print()
  }),
)
`
const YML = `service: shop
provider: { name: aws, runtime: nodejs24.x, region: eu-central-1 }
plugins: [./src/serverless/index.ts]
custom:
  millrace:
    kafka: { bootstrapServers: 127.0.0.1:1, partitions: { lines: 2 } }
    jobs:
      words: { handler: functions/words.handler }
      clicks: { handler: functions/clicks.handler }
functions:
  words: { environment: { ONLY: words } }
  clicks: { environment: { ONLY: clicks } }
`

it('runs the jobs, each with its own environment, and nothing of AWS', { timeout: 180_000 }, async () => {
  const files = { 'functions/words.ts': job('words'), 'functions/clicks.ts': job('clicks'), 'lines.txt': 'hello\n' }
  const service = await ServiceFolder.make({ 'serverless.yml': YML, ...files })
  onTestFinished(() => service.remove())
  const program = join(REPOSITORY, 'node_modules/serverless/bin/serverless.js')
  const args = ['--conditions=millrace-source', program, 'millrace', 'dev', '--from', 'lines=lines.txt']
  const child = spawn(process.execPath, args, { cwd: service.path, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const session = String(child.pid)
  guard('session', session)
  onTestFinished(() => release('session', session))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text))
  const shows = (what: string): Promise<boolean> =>
    vi.waitUntil(() => said.includes(what), { timeout: 120_000 }).catch(() => expect.fail(said))
  await shows('words got hello')
  await shows('clicks got hello')
  await writeFile(join(service.path, 'functions/words.ts'), job('words').replace('got', 'has got'))
  await shows('serverless.yml has changed: new code runs, state is kept')
  process.kill(-Number(session), 'SIGINT')
  await shows('stopped')
})
