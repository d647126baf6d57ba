// Everything that `millrace doctor` can find: each failed check once, with AWS and brokers answering as they would; and the command
// itself over a folder.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Aws, FunctionFacts, TableFacts } from '../../src/cli/doctor/aws.ts'
import { checkBrokers } from '../../src/cli/doctor/brokers.ts'
import type { Finding } from '../../src/cli/doctor/check.ts'
import { checkFunction } from '../../src/cli/doctor/function.ts'
import { checkDuckdb, checkEnvFile, checkFolder, checkNode, checkSqlite } from '../../src/cli/doctor/local.ts'
import { checkBucket, checkClock, checkCredentials, checkQueue, checkTable } from '../../src/cli/doctor/services.ts'
import { job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { folderCluster } from '../../src/local/topics/folder-cluster.ts'
import { memoryObjects } from '../../src/stores/memory-objects.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { schemaProblems } from '../support/json-schema.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'
import { inProcess } from './in-process.ts'

const GOOD: TableFacts = { status: 'ACTIVE', keys: ['pk HASH S', 'sk RANGE S'], ttl: 'ttl', pointInTimeRecovery: true }
const FUNCTION: FunctionFacts = {
  ...{ state: 'Active', runtime: 'nodejs24.x', timeout: 60, reason: undefined },
  variables: { MILLRACE_TABLE: 't', MILLRACE_BUCKET: 'b', MILLRACE_WAKE_QUEUE_URL: 'q' },
}
const RULES = [
  { id: 'spill', prefix: '_millrace/spill/', expires: true, abortsUploads: false },
  { id: 'uploads', prefix: '', expires: false, abortsUploads: true },
]

function aws(changes: Partial<Aws> = {}): Aws {
  return {
    endpoint: undefined,
    region: async () => 'eu-central-1',
    credentials: async () => 'AKIAIOSFODNN7EXAMPLE',
    table: async () => GOOD,
    bucketExists: async () => {},
    lifecycle: async () => RULES,
    queue: async () => ({ waiting: 0, visibility: 60 }),
    function: async () => FUNCTION,
    mappings: async () => [{ topics: ['lines'], source: 'k:9092', state: 'Enabled', lastResult: 'OK' }],
    skew: () => 200,
    close: () => {},
    ...changes,
  }
}

/** An error of AWS, which goes by its name. */
function refusal(name: string, message = 'no'): () => Promise<never> {
  return async () => {
    throw Object.assign(new Error(message), { name })
  }
}

const wrong = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ status, check, found, remedy }) =>
    status === 'failed' ? [`${check}: ${found} → ${remedy}`] : [],
  )
const one = (pattern: RegExp): unknown => expect.stringMatching(pattern)
const expected = { table: 't', bucket: 'b', topics: ['lines'] }

describe('finds', () => {
  it('nothing where all is well', async () => {
    const all = [
      checkNode(),
      checkSqlite(),
      ...(await checkCredentials(aws())),
      checkClock(aws()),
      ...(await checkTable(aws(), 't')),
      ...(await checkBucket(aws(), memoryObjects(), 'b')),
      ...(await checkFunction(aws(), 'f', expected)).findings,
      ...(await checkQueue(aws(), 'q')),
    ]
    expect(all.filter(({ status }) => status !== 'ok')).toEqual([])
  })

  it('Node.js that is too old, or lacks what the folder needs', () => {
    expect(wrong([checkNode('20.11.0')])).toEqual([one(/needs Node\.js 22\.18.*→ Install/)])
    const without = checkSqlite(() => {
      throw new Error('No such built-in module')
    })
    expect(wrong([without])).toEqual([one(/^node:sqlite: this Node\.js lacks it/)])
  })

  it('DuckDB that is missing, only where sql() is called', async () => {
    expect(wrong([checkDuckdb(true, tmpdir())])).toEqual([one(/→ npm install @duckdb\/node-api$/)])
    expect(checkDuckdb(undefined, tmpdir()).status).toBe('skipped')
    expect(checkDuckdb(false, tmpdir()).status).toBe('skipped')
  })

  it('region and credentials that nobody has set', async () => {
    const nobody = aws({
      region: refusal('Error', 'Region is missing'),
      credentials: refusal('CredentialsProviderError', 'Could not load'),
    })
    expect(wrong(await checkCredentials(nobody))).toEqual([
      one(/^region: .*Region is missing → Set AWS_REGION/),
      one(/^credentials: CredentialsProviderError: Could not load → Log in/),
    ])
  })

  it('a clock that is off', () => {
    expect(wrong([checkClock(aws({ skew: () => -400_000 }))])).toEqual([
      one(/^clock: this one is 400\.0 s ahead of that of AWS → /),
    ])
    expect(wrong([checkClock(aws({ skew: () => 90_000 }))])).toEqual([one(/90\.0 s behind/)])
    expect(checkClock(aws({ skew: () => undefined })).status).toBe('skipped')
  })

  it.each<[string, Partial<TableFacts>, RegExp]>([
    ['is being made', { status: 'CREATING' }, /it is CREATING/],
    ['is for something else', { keys: ['id HASH S'] }, /keys: id HASH S; Millrace needs pk HASH S, sk RANGE S/],
    ['has no TTL', { ttl: undefined }, /TTL: it is off.*update-time-to-live.*AttributeName=ttl/],
    ['has another TTL', { ttl: 'expires' }, /TTL: it goes by expires, not ttl/],
    [
      'cannot be brought back',
      { pointInTimeRecovery: false },
      /point-in-time recovery: it is off.*update-continuous-backups/,
    ],
  ])('a table that %s', async (_, facts, message) => {
    expect(wrong(await checkTable(aws({ table: async () => ({ ...GOOD, ...facts }) }), 't'))).toEqual([one(message)])
  })

  it('a table that is not there, or nobody has named', async () => {
    const missing = aws({ table: refusal('ResourceNotFoundException', 'Table: t not found') })
    expect(wrong(await checkTable(missing, 't'))).toEqual([
      one(/^table t: ResourceNotFoundException: Table: t not found → Deploy first/),
    ])
    expect(wrong(await checkTable(aws(), undefined))).toEqual([one(/^table: nobody has named it/)])
  })

  it('a bucket that is not there, cannot be written, or is kept wrongly', async () => {
    const at = (changes: Partial<Aws>) => checkBucket(aws(changes), memoryObjects(), 'b')
    expect(wrong(await at({ bucketExists: refusal('NotFound') }))).toEqual([
      one(/^bucket b: NotFound: no → Deploy first/),
    ])
    expect(wrong(await at({ lifecycle: async () => [] }))).toEqual([
      one(/nothing expires what is spilled.*nothing aborts uploads/),
    ])
    const all = [{ id: 'clean', prefix: '', expires: true, abortsUploads: true }]
    expect(wrong(await at({ lifecycle: async () => all }))).toEqual([one(/rule 'clean' expires everything below ''/)])
    const readOnly = { ...memoryObjects(), put: refusal('AccessDenied', 'Access Denied') }
    expect(wrong(await checkBucket(aws(), readOnly, 'b'))).toEqual([
      one(/writing: AccessDenied: Access Denied → Allow s3:PutObject/),
    ])
    const liar = { ...memoryObjects(), get: async () => new Uint8Array([1]) }
    expect(wrong(await checkBucket(aws(), liar, 'b'))).toEqual([one(/does not come back/)])
    expect(wrong(await checkBucket(aws(), memoryObjects(), undefined))).toEqual([one(/^bucket: nobody has named it/)])
  })

  it('leaves nothing of its probe behind', async () => {
    const objects = memoryObjects()
    await checkBucket(aws(), objects, 'b')
    expect(await readObjects(objects, 'b')).toEqual(new Map())
  })

  it.each<[string, Partial<Aws>, RegExp]>([
    [
      'is not there',
      { function: refusal('ResourceNotFoundException') },
      /^function f: ResourceNotFoundException: no → Deploy/,
    ],
    [
      'failed to start',
      { function: async () => ({ ...FUNCTION, state: 'Failed', reason: 'no network' }) },
      /it is Failed \(no network\)/,
    ],
    [
      'lacks variables',
      { function: async () => ({ ...FUNCTION, variables: { MILLRACE_TABLE: 't' } }) },
      /MILLRACE_BUCKET and MILLRACE_WAKE_QUEUE_URL are not set/,
    ],
    [
      'uses another table',
      { function: async () => ({ ...FUNCTION, variables: { ...FUNCTION.variables, MILLRACE_TABLE: 'other' } }) },
      /another place: MILLRACE_TABLE is other, here t/,
    ],
    ['has no mapping', { mappings: async () => [] }, /^mapping lines: function f has no event source mapping/],
    [
      'has a mapping that is off',
      { mappings: async () => [{ topics: ['lines'], source: '', state: 'Disabled', lastResult: '' }] },
      /it is Disabled → Enable it/,
    ],
    [
      'cannot reach its brokers',
      {
        mappings: async () => [
          { topics: ['lines'], source: '', state: 'Enabled', lastResult: 'PROBLEM: Connection error.' },
        ],
      },
      /^mapping lines: PROBLEM: Connection error/,
    ],
    ['may not be asked', { mappings: refusal('AccessDeniedException') }, /→ Allow lambda:ListEventSourceMappings/],
  ])('a function that %s', async (_, changes, message) => {
    expect(wrong((await checkFunction(aws(changes), 'f', expected)).findings)).toEqual([one(message)])
  })

  it('a queue that is not there', async () => {
    expect(wrong(await checkQueue(aws({ queue: refusal('QueueDoesNotExist') }), 'q'))).toEqual([
      one(/^queue: QueueDoesNotExist/),
    ])
    expect((await checkQueue(aws(), undefined))[0]?.status).toBe('skipped')
  })
})

describe('on this machine', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'millrace-doctor-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('finds what is wrong with .env and the folder', async () => {
    const file = join(root, '.env')
    expect(checkEnvFile(file, {}).status).toBe('skipped')
    await writeFile(file, 'A=1\nB=2\n')
    expect(checkEnvFile(file, {}).found).toBe('sets A, B')
    expect(wrong([checkEnvFile(file, { A: '2' })])).toEqual([one(/the shell sets A otherwise/)])
    await writeFile(file, 'a-b=1\n')
    expect(wrong([checkEnvFile(file, {})])).toEqual([one(/a-b: no names of variables/)])
    expect(wrong(await checkFolder(join(root, 'none')))).toEqual([one(/^folder: .*→ Run the job there once/)])
  })

  it('finds brokers and topics that are missing or have changed', async () => {
    const cluster = async () => folderCluster(join(root, 'topics'))
    const made = await cluster()
    await made.create('lines', { partitions: 2 })
    await made.close()
    const found = await checkBrokers(cluster, ['lines', 'others'], new Map([['lines', 1]]))
    expect(wrong(found)).toEqual([
      one(/^topic lines: 2 partitions, 0 records, and the job was deployed for 1/),
      one(/^topic others: .*→ Make it: millrace topics create others/),
    ])
    const away = async () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { name: 'KafkaJSConnectionError' })
    }
    expect(wrong(await checkBrokers(away, ['lines'], new Map()))).toEqual([
      one(/^brokers: KafkaJSConnectionError: connect ECONNREFUSED → Check the addresses/),
    ])
    expect((await checkBrokers(undefined, [], new Map()))[0]?.status).toBe('skipped')
  })

  it('examines a job in a folder, and ends with 1 when something is wrong', async () => {
    const dir = join(root, '.millrace')
    const { table, objects, topics, variables, stop } = embedded(dir)
    const code = job('words', { batch: '1s' }, ({ kafka }) => {
      kafka('lines', { value: text() })
        .map(({ value }) => value)
        .saveAsTextFiles('s3://results/words')
    })
    const environment = { ...memoryEnvironment(Date.now()), table, objects, bucket: variables.MILLRACE_BUCKET ?? '' }
    await lambda(code, { environment })(kafkaEvent({ 'lines-0': lines(['a'], { at: Date.now() - 5000 }) }))
    const doctor = (...args: string[]) => inProcess(['doctor', ...args], { MILLRACE_DIR: dir })

    const bad = await doctor('words', '--json')
    const schema = JSON.parse((await doctor('--json=help')).stdout)
    expect(schemaProblems(schema, JSON.parse(bad.stdout))).toEqual([])
    expect(JSON.parse(bad.stdout)).toMatchObject({ job: 'words', healthy: false })
    expect(bad.code).toBe(1)

    await topics.create('lines', { partitions: 1 })
    await stop()
    const good = await doctor('words')
    expect(good.stdout).toMatch(
      /✔ folder: .*\n✔ bucket .*, writing: .*\n✔ job words: run by test, code v1.*\n✔ brokers: .*\n✔ topic lines: 1 partition, 0 records\n$/,
    )
    expect(good.code).toBe(0)

    expect((await doctor('nobody')).stdout).toMatch(/✖ job nobody: it has never run here\n {2}→ Look at the name/)
    expect((await doctor('nowhere.ts')).stdout).toMatch(/✖ module: /)
  })
})
