// Spark's protocol over real HTTP, and what callers must not be able to do: reach a path, give a variable that is not theirs to give,
// come by way of a browser, guess the token, or hold the server up.

import { request as httpRequest, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { attemptOf } from '../../../src/local/control/attempts.ts'
import { announce } from '../../../src/local/control/processes.ts'
import { runDoor } from '../../../src/local/control/run-door.ts'
import { type ControlServer, controlServer } from '../../../src/local/control/server.ts'
import { Submissions } from '../../../src/local/control/submissions.ts'
import { changeControl, readControl } from '../../../src/runtime/control-row.ts'
import { isAsked } from '../../../src/runtime/drain.ts'
import { type MemoryTable, memoryTable } from '../../../src/stores/memory-table.ts'

const TOKEN = 'correct-horse-battery-staple'
let table: MemoryTable
let server: ControlServer
let logged: unknown[]
const servers: ControlServer[] = []

async function serve(more: { token?: string; allowedHosts?: string[] } = {}): Promise<ControlServer> {
  const job = { door: runDoor(table, 'words'), table, driven: false }
  const submissions = new Submissions({
    jobs: new Map([
      ['words', job],
      ['a/b c', { door: runDoor(table, 'a/b c'), table, driven: false }],
    ]),
    allowed: new Set(['GREETING']),
    drain: false,
    version: '1.2.3',
    drive: () => {},
  })
  const log = (...args: unknown[]): void => void logged.push(args)
  const opened = await controlServer({
    host: '127.0.0.1',
    port: 0,
    token: more.token,
    allowedHosts: more.allowedHosts ?? [],
    submissions,
    log: { info: log, warn: log, error: log },
  })
  servers.push(opened)
  return opened
}

beforeEach(async () => {
  table = memoryTable()
  logged = []
  server = await serve()
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((one) => one.close()))
})

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** As it is given: fetch would mend the path, and set the host by itself. */
function ask(path: string, options: RequestOptions = {}, body?: string, to = server): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: '127.0.0.1', port: to.port, path, agent: false, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' }
const REQUEST = {
  action: 'CreateSubmissionRequest',
  clientSparkVersion: '3.5.0',
  appResource: 'words',
  mainClass: 'words',
  appArgs: [],
  sparkProperties: { 'spark.app.name': 'words' },
  environmentVariables: { SPARK_ENV_LOADED: '1' },
}
const create = (change: object = {}, headers: Record<string, string> = JSON_TYPE, to = server) =>
  ask('/v1/submissions/create', { method: 'POST', headers }, JSON.stringify({ ...REQUEST, ...change }), to)
const status = (id: string) => ask(`/v1/submissions/status/${encodeURIComponent(id)}`)
const kill = (id: string, query = '') =>
  ask(`/v1/submissions/kill/${encodeURIComponent(id)}${query}`, { method: 'POST' })

/** A process that has done what is wanted, or is about to. */
async function process(phase: 'running' | 'paused' | 'stopped' | 'failed', error?: string): Promise<void> {
  const { rev } = await readControl(table, 'words')
  const row = { host: 'here', pid: 7, since: 0, seen: Date.now(), obeys: rev, phase, inFlight: 0 }
  await announce(table, 'words', 'one', { ...row, ...(error !== undefined && { error }) })
}

describe("Spark's protocol", () => {
  it('creates, tells the state, kills, and remembers', async () => {
    expect(await create()).toEqual({
      status: 200,
      body: {
        action: 'CreateSubmissionResponse',
        message: 'Driver successfully submitted as words-0001',
        serverSparkVersion: '1.2.3',
        submissionId: 'words-0001',
        success: true,
      },
    })
    expect((await status('words-0001')).body).toMatchObject({ driverState: 'RELAUNCHING', success: true })
    await process('running')
    expect((await status('words-0001')).body).toEqual({
      action: 'SubmissionStatusResponse',
      driverState: 'RUNNING',
      message: 'running',
      serverSparkVersion: '1.2.3',
      submissionId: 'words-0001',
      success: true,
      workerHostPort: 'here:7',
      workerId: 'here:7',
    })
    expect((await create()).body).toMatchObject({ success: false, message: expect.stringContaining('words-0001') })
    expect((await kill('words-0001')).body).toEqual({
      action: 'KillSubmissionResponse',
      message: 'Kill request for words-0001 submitted',
      serverSparkVersion: '1.2.3',
      submissionId: 'words-0001',
      success: true,
    })
    expect((await status('words-0001')).body).toMatchObject({ driverState: 'RUNNING' })
    await process('stopped')
    expect((await status('words-0001')).body).toMatchObject({ driverState: 'KILLED' })
    expect((await kill('words-0001')).body).toMatchObject({ success: false })
    expect((await create()).body).toMatchObject({ submissionId: 'words-0002' })
    expect((await status('words-0001')).body).toMatchObject({ driverState: 'KILLED' })
    expect(await attemptOf(table, 'words', 1)).toMatchObject({ how: 'stopped' })
  })

  it('drains by a word of its own, which is FINISHED when it is done', async () => {
    await create()
    expect((await kill('words-0001', '?drain=true')).body).toMatchObject({ success: false })
    await process('running')
    expect((await kill('words-0001', '?drain=true')).body).toMatchObject({ success: true })
    expect(isAsked(await readControl(table, 'words'))).toBe(true)
    await changeControl(table, 'words', (before) => ({ ...before, drain: { until: 5000, done: true } }))
    await process('stopped')
    expect((await status('words-0001')).body).toMatchObject({ driverState: 'FINISHED' })
    expect((await kill('words-0001', '?drain=maybe')).status).toBe(400)
  })

  it('says what a process fails at', async () => {
    await create()
    await process('failed', 'no topic')
    expect((await status('words-0001')).body).toMatchObject({ driverState: 'ERROR', message: 'no topic' })
  })

  it('tells a client of fields that it does not know', async () => {
    expect((await create({ color: 'red', shape: 1 })).body).toMatchObject({
      success: true,
      unknownFields: ['color', 'shape'],
    })
  })

  test.each([
    ['/', 400, 'Missing protocol version.'],
    ['/v1', 400, 'Missing the /submissions prefix.'],
    ['/v1/other', 400, 'Missing the /submissions prefix.'],
    ['/v1/submissions', 400, 'Missing an action: please specify one of /create, /kill, or /status.'],
    ['/v1/submissions/delete/words-0001', 400, 'Missing an action'],
    ['/v1/submissions/status', 400, 'Submission ID is missing in status request.'],
    ['/v1/submissions/status/%', 400, 'not encoded'],
    ['/v2/submissions/status/words-0001', 468, "Unknown protocol version 'v2'."],
    ['http://[', 400, 'no path'],
  ])('answers %s with %i', async (path, code, message) => {
    const { status: found, body } = await ask(path)
    expect([found, body.action]).toEqual([code, 'ErrorResponse'])
    expect(body.message).toContain(message)
    expect(body.highestProtocolVersion).toBe(code === 468 ? 'v1' : undefined)
  })

  test.each([
    [{ clientSparkVersion: undefined }, "Field 'clientSparkVersion' is missing"],
    [{ sparkProperties: undefined }, 'No Spark properties set!'],
    [{ sparkProperties: {} }, "Field 'spark.app.name' is missing"],
    [{ appResource: undefined }, "Field 'appResource' is missing"],
    [{ action: undefined }, 'Action field not found'],
    [{ action: 'KillSubmissionRequest' }, 'unexpected type KillSubmissionRequest'],
    [{ appArgs: ['--x'] }, 'appArgs'],
    [{ appArgs: 'x' }, 'no list'],
    [{ environmentVariables: [] }, 'no map'],
    [{ sparkProperties: { 'spark.app.name': 'a', 'spark.driver.supervise': 'often' } }, 'expected boolean value'],
    [{ sparkProperties: { 'spark.app.name': 'a', 'spark.driver.cores': 'x' } }, 'expected numeric value'],
    [{ sparkProperties: { 'spark.app.name': 'a', 'spark.driver.memory': 'much' } }, 'expected memory value'],
  ])('refuses %j', async (change, message) => {
    const { status: found, body } = await create(change)
    expect(found).toBe(400)
    expect(body).toMatchObject({ action: 'ErrorResponse', message: expect.stringContaining(message) })
    expect((await readControl(table, 'words')).rev).toBe(0)
  })

  test.each(['', '[]', '{', 'null', '"x"', '{"action":{}}'])('refuses the body %j', async (body) => {
    expect((await ask('/v1/submissions/create', { method: 'POST', headers: JSON_TYPE }, body)).status).toBe(400)
  })

  it('knows ids only of its own jobs, whatever they are called', async () => {
    expect((await create({ mainClass: 'a/b c', appResource: 'whatever' })).body).toMatchObject({
      submissionId: 'a/b c-0001',
    })
    expect((await status('a/b c-0001')).body).toMatchObject({ success: true })
    for (const id of ['words-0001', 'words', 'words-1', '__proto__-0001', 'other-0001', `${'9'.repeat(9000)}-0001`])
      expect((await status(id)).body).toEqual({
        action: 'SubmissionStatusResponse',
        serverSparkVersion: '1.2.3',
        submissionId: id,
        success: false,
      })
  })
})

describe('what a caller sends is never a path or a command', () => {
  test.each([
    '/etc/passwd',
    'file:/tmp/evil.jar',
    '../../functions/words.ts',
    'words/../../x',
    'words; rm -rf /',
    '$(id)',
    '__proto__',
    'constructor',
    '',
    'words\0',
  ])('%j is no job', async (name) => {
    const { status: found, body } = await create({ mainClass: name, appResource: name })
    expect([found, body.success]).toEqual([200, false])
    expect((await readControl(table, 'words')).rev).toBe(0)
  })

  test.each([
    '/v1/submissions/status/../../../etc/passwd',
    '/v1/submissions/status/..%2f..%2fetc%2fpasswd',
    '/v1/submissions/kill/%2e%2e',
    '/../../../../etc/passwd',
  ])('%s finds nothing', async (path) => {
    const { status: found, body } = await ask(path, { method: path.includes('kill') ? 'POST' : 'GET' })
    expect(body.success === false || found >= 400).toBe(true)
    expect(JSON.stringify(body)).not.toContain('root:')
  })

  test.each([
    [{ environmentVariables: { NODE_OPTIONS: '--import=/tmp/x.mjs' } }],
    [{ environmentVariables: { MILLRACE_TABLE: 'other' } }],
    [{ environmentVariables: { PATH: '/tmp' } }],
    [{ environmentVariables: JSON.parse('{"__proto__":"x"}') }],
    [{ environmentVariables: { GREETING: 'x'.repeat(5000) } }],
    [{ environmentVariables: { GREETING: 'a\0b' } }],
    [{ sparkProperties: { 'spark.app.name': 'a', 'spark.millrace.LD_PRELOAD': '/tmp/x.so' } }],
    [{ sparkProperties: { 'spark.app.name': 'a', OTHER: 'x' } }],
  ])('refuses the parameters of %j', async (change) => {
    expect(await create(change)).toMatchObject({ status: 400, body: { action: 'ErrorResponse' } })
    expect((await readControl(table, 'words')).rev).toBe(0)
  })

  it('takes those that are allowed, from either place, and no others of Spark', async () => {
    const sparkProperties = { 'spark.app.name': 'a', 'spark.millrace.GREETING': 'hello', 'spark.jars': '/tmp/x.jar' }
    expect((await create({ sparkProperties })).body).toMatchObject({ success: true })
    expect((await readControl(table, 'words')).parameters).toEqual([['GREETING', 'hello']])
    await kill('words-0001')
    await create({ environmentVariables: { GREETING: '$(id)' } })
    expect((await readControl(table, 'words')).parameters).toEqual([['GREETING', '$(id)']])
  })
})

describe('who may ask', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', '169.254.169.254'])(
    'nobody who has asked for %s',
    async (host) => {
      const { status: found } = await ask('/v1/submissions/status/words-0001', { headers: { host } })
      expect(found).toBe(403)
    },
  )

  it('whoever has asked for this machine and port', async () => {
    for (const name of ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])
      expect((await ask('/v1', { headers: { host: `${name}:${server.port}` } })).status).toBe(400)
    expect((await ask('/v1', { headers: { host: 'localhost:1' } })).status).toBe(403)
    const proxied = await serve({ allowedHosts: ['jobs.example'] })
    expect((await ask('/v1', { headers: { host: 'jobs.example' } }, undefined, proxied)).status).toBe(400)
  })

  it('no page in a browser, with a form or a script', async () => {
    await create()
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://evil.example' }
    for (const headers of [form, { ...JSON_TYPE, origin: 'null' }, { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }])
      expect((await create({}, headers)).status).toBe(403)
    const kill = await ask('/v1/submissions/kill/words-0001', {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
    })
    expect(kill.status).toBe(403)
    expect((await readControl(table, 'words')).wanted).toBe('running')
  })

  it('no body that is not said to be JSON', async () => {
    for (const type of ['text/plain', 'multipart/form-data', 'application/jsonp'])
      expect((await create({}, { 'content-type': type })).status).toBe(415)
    expect((await create({}, {})).status).toBe(415)
  })

  it('nobody without the token, where there is one', async () => {
    const guarded = await serve({ token: TOKEN })
    const wrong = [
      undefined,
      'Bearer',
      'Bearer x',
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      TOKEN,
    ]
    for (const authorization of wrong) {
      const headers = { ...JSON_TYPE, ...(authorization !== undefined && { authorization }) }
      expect(await create({}, headers, guarded)).toMatchObject({ status: 401, body: { action: 'ErrorResponse' } })
    }
    expect((await readControl(table, 'words')).rev).toBe(0)
    const right = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` }
    expect((await create({}, right, guarded)).body).toMatchObject({ success: true })
    expect(JSON.stringify(logged)).not.toContain(TOKEN)
  })

  it('with no more than a request needs', async () => {
    const huge = 'x'.repeat(1_000_000)
    const said = await create({ mainClass: huge }).catch((error: Error) => error)
    if (!(said instanceof Error)) expect(said.status).toBe(413)
    const chunked = { ...JSON_TYPE, 'transfer-encoding': 'chunked' }
    const unsaid = await create({ mainClass: huge }, chunked).catch((error: Error) => error)
    if (!(unsaid instanceof Error)) expect(unsaid.status).toBe(413)
    expect((await create()).body).toMatchObject({ success: true })
  })

  it('by the method that is meant', async () => {
    expect((await ask('/v1/submissions/create')).status).toBe(405)
    expect((await ask('/v1/submissions/kill/words-0001')).status).toBe(405)
    expect((await ask('/v1/submissions/status/words-0001', { method: 'POST' })).status).toBe(405)
  })

  it('and is still there for others after one that sends nonsense', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end('GARBAGE \0\0\r\n\r\n'))
      socket
        .resume()
        .on('close', () => resolve())
        .on('error', () => resolve())
    })
    expect((await create()).status).toBe(200)
  })
})
