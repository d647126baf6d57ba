// What the operators need is away: the records are not to blame, so none is set aside, and all are delivered again.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import {
  type Job,
  job,
  type MapAsyncOptions,
  type PoisonPolicy,
  type RetryOptions,
  retryable,
  TransientError,
  text,
} from '../../src/index.ts'
import { isTransient } from '../../src/operators/transient.ts'
import { type Driven, driven, records } from '../support/driven.ts'

const failing = (facts: object, error = new Error('away')): Error => Object.assign(error, facts)

const AWAY: readonly (readonly [string, () => unknown])[] = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_SOCKET', '57P01'].map(
    (code) => [code, () => failing({ code })] as const,
  ),
  ['fetch', () => new TypeError('fetch failed', { cause: failing({ code: 'ECONNREFUSED' }) })],
  ['several addresses', () => new AggregateError([failing({ code: 'ECONNREFUSED' })])],
  ['AbortSignal.timeout', () => new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
  ['an abort', () => new DOMException('aborted', 'AbortError')],
  ['throttling', () => failing({ name: 'ThrottlingException', $retryable: { throttling: true } })],
  ['a fault of AWS', () => failing({ $metadata: { httpStatusCode: 503 } })],
  ['too many requests', () => failing({ status: 429 })],
  ['what says so', () => failing({ transient: true })],
  ['MySQL', () => failing({ code: 'PROTOCOL_CONNECTION_LOST', fatal: true })],
  ['Prisma', () => failing({ code: 'P1001' })],
  ['MongoDB', () => failing({ name: 'MongoServerSelectionError' })],
  ['Knex', () => failing({ name: 'KnexTimeoutError' })],
  ['Sequelize', () => failing({ name: 'SequelizeConnectionRefusedError' })],
  ['ioredis', () => failing({ name: 'MaxRetriesPerRequestError' })],
  ['KafkaJS', () => failing({ name: 'KafkaJSConnectionClosedError', retriable: true })],
  ['what may be tried again', () => failing({ retryable: true })],
  ['retryable', () => retryable(new Error('no such user'))],
  ['retryable of no error', () => retryable('no')],
  ['TransientError', () => new TransientError('the shop is away')],
]

const DATA: readonly (readonly [string, () => unknown])[] = [
  ['an error', () => new Error('no such user')],
  ['status 404', () => failing({ status: 404 })],
  ['a constraint', () => failing({ code: '23505' })],
  ['a constraint of MySQL', () => failing({ code: 'ER_DUP_ENTRY' })],
  ['a constraint of Prisma', () => failing({ code: 'P2002' })],
  ['no error at all', () => 'no'],
  ['nothing', () => undefined],
]

/** Whom to fail with what; the database of the job. */
interface Database {
  fail: ((user: string) => unknown) | undefined
}

const define = (database: Database, onPoison: PoisonPolicy, options: MapAsyncOptions = {}): Job =>
  job('users', { batch: '1s', onPoison }, ({ kafka }) => {
    kafka('users', { value: text() })
      .mapAsync(async ({ value }) => {
        const error = database.fail?.(value)
        if (error !== undefined) throw error
        return value
      }, options)
      .saveAsTextFiles('s3://results/users')
  })

const some = records('users-0', ['a', 'b', 'c'], { step: 0 })

async function found(users: Driven): Promise<{ lines: string; aside: number }> {
  const aside = Object.values(await users.published('_millrace/quarantine', 'state')).join('')
  return { lines: await users.text(), aside: aside.split('\n').length - 1 }
}

describe.each(AWAY)('something is away: %s', (_, error) => {
  it.each<PoisonPolicy>(['fail', 'skip', 'quarantine'])(
    '%s: nothing is committed, and all comes again',
    async (onPoison) => {
      const database: Database = { fail: (user) => (user === 'b' ? error() : undefined) }
      const users = driven(define(database, onPoison))
      for (let n = 0; n < 3; n++) {
        await expect(n === 0 ? users.deliver(some) : users.again()).rejects.toMatchObject({
          code: 'TRANSIENT_FAILURE',
          message: expect.stringContaining('0 to 2'),
        })
        expect(await found(users)).toEqual({ lines: '', aside: 0 })
      }
      database.fail = undefined
      await users.again()
      expect(await found(users)).toEqual({ lines: 'a\nb\nc\n', aside: 0 })
    },
  )
})

describe.each(DATA)('a record is to blame: %s', (_, error) => {
  it('goes into quarantine alone', async () => {
    if (error() === undefined) return expect(isTransient(error())).toBe(false)
    const users = driven(define({ fail: (user) => (user === 'b' ? error() : undefined) }, 'quarantine'))
    await users.deliver(some)
    expect(await found(users)).toEqual({ lines: 'a\nc\n', aside: 1 })
  })
})

describe('what the job says of an error', () => {
  const unknown = (user: string) =>
    user === 'b' ? failing({ code: 'ECONNRESET' }, new Error('unknown user')) : undefined

  it('counts against what it looks like', async () => {
    const users = driven(define({ fail: unknown }, 'quarantine', { transient: () => false }))
    await users.deliver(some)
    expect(await found(users)).toEqual({ lines: 'a\nc\n', aside: 1 })
  })

  it('counts for what looks like nothing', async () => {
    const code = define({ fail: () => 'closed' }, 'quarantine', { transient: (error) => error === 'closed' })
    await expect(driven(code).deliver(some)).rejects.toMatchObject({
      code: 'TRANSIENT_FAILURE',
      cause: { code: 'TRANSIENT', cause: 'closed' },
    })
  })
})

describe('a call that fails is tried again in place', () => {
  /** Fails every call about `b` but each `nth`. */
  const flaky = (nth: number, error: () => unknown) => {
    let calls = 0
    return (user: string) => (user === 'b' && ++calls % nth > 0 ? error() : undefined)
  }
  const retry = { times: 2, backoff: 0 }

  it.each([...AWAY.slice(0, 3), ...DATA.slice(0, 3)])('%s', async (_, error) => {
    const users = driven(define({ fail: flaky(3, error) }, 'quarantine', { retry }))
    await users.deliver(some)
    expect(await found(users)).toEqual({ lines: 'a\nb\nc\n', aside: 0 })
  })

  it('and only what stays bad is a bad record', async () => {
    const fail = (user: string) => (user === 'b' ? new Error('no such user') : undefined)
    const users = driven(define({ fail }, 'quarantine', { retry }))
    await users.deliver(some)
    expect(await found(users)).toEqual({ lines: 'a\nc\n', aside: 1 })
  })

  it('and what stays away fails the micro-batch', async () => {
    const fail = flaky(4, () => failing({ code: 'ECONNREFUSED' }))
    const users = driven(define({ fail }, 'quarantine', { retry }))
    await expect(users.deliver(some)).rejects.toMatchObject({ code: 'TRANSIENT_FAILURE' })
    await users.again()
    expect(await found(users)).toEqual({ lines: 'a\nb\nc\n', aside: 0 })
  })

  it.each<RetryOptions>([
    { times: -1 },
    { times: 1.5 },
    { times: Number.POSITIVE_INFINITY },
    { times: 20, backoff: '1s' },
    { times: 1, backoff: '-1s' },
  ])('but not %j', (wrong) => {
    expect(() => define({ fail: undefined }, 'fail', { retry: wrong })).toThrow('mapAsync, retry')
  })
})

it('waits for a server that is away for a while, and sets nothing aside', async () => {
  const server = createServer((request, response) => response.end(request.url?.slice(1).toUpperCase()))
  const listen = async (port: number): Promise<number> => {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  const port = await listen(0)
  const shouts = job('users', { batch: '1s', onPoison: 'quarantine' }, ({ kafka }) => {
    kafka('users', { value: text() })
      .mapAsync(async ({ value }) => (await fetch(`http://127.0.0.1:${port}/${value}`)).text(), {
        retry: { times: 2, backoff: '1ms' },
      })
      .saveAsTextFiles('s3://results/users')
  })
  const users = driven(shouts)
  try {
    await users.deliver(some)
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
    const more = records('users-0', ['d', 'e'], { at: 300 })
    await expect(users.deliver(more)).rejects.toMatchObject({ code: 'TRANSIENT_FAILURE' })
    for (let hours = 0; hours < 3; hours++) {
      users.later('1h')
      await expect(users.again()).rejects.toMatchObject({ code: 'TRANSIENT_FAILURE' })
    }
    await listen(port)
    await users.again()
  } finally {
    server.closeAllConnections()
    server.close()
  }
  expect(await found(users)).toEqual({ lines: 'A\nB\nC\nD\nE\n', aside: 0 })
})

describe('all records of a micro-batch fail alike', () => {
  const down = (): unknown => new Error('nobody knows what this means')

  it('is rather trouble than data', async () => {
    const database: Database = { fail: down }
    const users = driven(define(database, 'quarantine'))
    await expect(users.deliver(some)).rejects.toMatchObject({ code: 'TRANSIENT_FAILURE', alike: true })
    database.fail = undefined
    await users.again()
    expect(await found(users)).toEqual({ lines: 'a\nb\nc\n', aside: 0 })
  })

  it('for an hour; then they are taken for what they seem to be', async () => {
    const users = driven(define({ fail: down }, 'quarantine'))
    await expect(users.deliver(some)).rejects.toMatchObject({ code: 'TRANSIENT_FAILURE' })
    users.later('1h')
    await users.again()
    expect(await found(users)).toEqual({ lines: '', aside: 3 })
  })

  it.each<[string, Database['fail'], number]>([
    ['but not of one record', down, 1],
    ['but not each in its own way', (user) => new Error(`no user ${user}`), 3],
  ])('%s', async (_, fail, count) => {
    const users = driven(define({ fail }, 'quarantine'))
    await users.deliver(records('users-0', ['a', 'b', 'c'].slice(0, count), { step: 0 }))
    expect(await found(users)).toEqual({ lines: '', aside: count })
  })

  it('but not without calls: such records are bad', async () => {
    const strict = job('users', { batch: '1s', onPoison: 'quarantine' }, ({ kafka }) => {
      kafka('users', { value: text() })
        .map((): string => {
          throw new Error('always')
        })
        .saveAsTextFiles('s3://results/users')
    })
    const users = driven(strict)
    await users.deliver(some)
    expect(await found(users)).toEqual({ lines: '', aside: 3 })
  })
})

it('refuses an option that is no function', () => {
  const wrong: object = { transient: true }
  expect(() => define({ fail: undefined }, 'fail', wrong)).toThrow('mapAsync, transient: expected a function')
})
