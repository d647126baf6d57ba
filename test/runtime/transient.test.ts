// What the operators need is away: the records are not to blame, so none is set aside, and all are delivered again.

import { describe, expect, it } from 'vitest'
import { type Job, job, type MapAsyncOptions, type PoisonPolicy, TransientError, text } from '../../src/index.ts'
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
