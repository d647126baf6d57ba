// A commit log and what memory knows of its end, by itself: the fence, what a commit of unknown outcome leaves, and what is
// published before anything follows it (I1, I3, I7).

import { describe, expect, it } from 'vitest'
import { LogLostError } from '../../src/errors/state-errors.ts'
import type { Effect } from '../../src/log/commit-record.ts'
import { type Entry, TaskLog } from '../../src/log/task-log.ts'
import { type Committed, FencedLog, type FencedLogParts } from '../../src/runtime/fenced-log.ts'
import type { Publisher } from '../../src/runtime/outbox.ts'
import type { StagedObject } from '../../src/stores/object-store.ts'
import type { CommitLog } from '../../src/stores/table.ts'
import { memoryEnvironment, readObjects } from '../../src/testing/memory-environment.ts'
import { incompressible } from '../support/incompressible.ts'

interface Note extends Committed {
  readonly text: string
}

const isNote = (value: unknown): value is Note =>
  typeof value === 'object' && value !== null && 'text' in value && value.text !== 'no note'

const task = { job: 'job', stage: 'source', task: 'lines-0' }
const HOUR = 3_600_000
const START = 1_000_000_000_000

function setUp() {
  const environment = memoryEnvironment(START)
  /** Of requests to the table, as the test wants them to go wrong. */
  const faults: Partial<CommitLog> = {}
  const reads: string[] = []
  const table: CommitLog = {
    append: (...call) => (faults.append ?? environment.table.append)(...call),
    head: (ref) => {
      reads.push('head')
      return (faults.head ?? environment.table.head)(ref)
    },
    read: (...call) => environment.table.read(...call),
    setLife: (...call) => environment.table.setLife(...call),
  }
  const published: string[] = []
  const publisher: Publisher = {
    objects: environment.objects,
    print: (text) => void published.push(text),
    call: async ({ output }) => void published.push(`call ${output}`),
    wake: async (at) => void published.push(`wake ${at}`),
    gone: () => {},
  }
  const open = (more: Partial<FencedLogParts<Note>> = {}): FencedLog<Note> => {
    const life = { now: () => environment.clock.now(), retention: 24 * HOUR }
    const log = new TaskLog<Note>(task, table, environment.objects, 'state', isNote, undefined, life)
    return new FencedLog({ log, publisher, environment, settings: { retention: 24 * HOUR }, ...more })
  }
  const note = (text: string, outbox: readonly Effect[] = [], kind = 'note'): Note => ({
    kind,
    at: environment.clock.now(),
    outbox,
    text,
  })
  const append = async (log: FencedLog<Note>, record: Note) => log.append(await log.prepare(record))
  const staged = (key: string, body = 'x'.repeat(10)): Promise<StagedObject> =>
    environment.objects.stage({ bucket: 'results', key }, Buffer.from(body), { contentType: 'text/plain' })
  const later = (milliseconds: number): void => environment.setTime(environment.clock.now() + milliseconds)
  const keys = async (bucket: string) => [...(await readObjects(environment.objects, bucket)).keys()]
  return { environment, faults, reads, published, open, note, append, staged, later, keys }
}

const printing = (text: string): Effect => ({ kind: 'print', text })

describe('memory of a log', () => {
  it('counts until it may have expired, and until somebody doubts it', async () => {
    const { open, note, append, later } = setUp()
    const log = open()
    expect(log.isFresh).toBe(false)
    await log.read()
    await append(log, note('a'))
    expect(log).toMatchObject({ version: 1, isFresh: true })
    log.doubt()
    expect(log).toMatchObject({ isFresh: false, isTrusted: true })
    expect(await log.read()).toMatchObject({ isNew: false })
    expect(log.isFresh).toBe(true)
    later(HOUR / 2)
    expect(log).toMatchObject({ isFresh: false, isTrusted: false })
  })

  it('of the very entry that is found stays, with that it is published', async () => {
    const { open, note, append, published } = setUp()
    const log = open()
    await log.read()
    await append(log, note('a', [printing('a')]))
    await log.publish()
    expect(await log.read()).toMatchObject({ isNew: false, entry: { version: 1 } })
    await log.heal()
    expect(published).toEqual(['a'])
    log.forget()
    expect(await log.read()).toMatchObject({ isNew: true })
    await log.heal()
    expect(published).toEqual(['a', 'a'])
  })

  it('has no head when what is found is none', async () => {
    const { open, note } = setUp()
    const log = open({ isHead: ({ kind }) => kind !== 'birth' })
    await log.beBorn(note('', [], 'birth'))
    expect(await log.read()).toMatchObject({ entry: { version: 1, record: { kind: 'birth' } } })
    expect(log.head).toBeUndefined()
  })

  it('is not made of a log that ends before what is known of it', async () => {
    const { open, note, append, faults } = setUp()
    const log = open()
    await log.read()
    await append(log, note('a'))
    faults.head = async () => undefined
    await expect(log.read()).rejects.toThrow(LogLostError)
    await expect(log.read()).rejects.toThrow(LogLostError) // and not the second time either
    const other = open()
    other.expect(1)
    await expect(other.read()).rejects.toThrow(LogLostError)
  })
})

describe('the fence', () => {
  it('lets one of two win; what the other has staged and spilled is thrown away', async () => {
    const { open, note, append, staged, keys, environment } = setUp()
    const [one, other] = [open(), open()]
    await Promise.all([one.read(), other.read()])
    const upload = await staged('lost')
    const lost = { ...note('lost', [{ kind: 'complete', staged: upload }]), large: incompressible(600_000) }
    const draft = await other.prepare(lost)
    expect(await keys('state')).toHaveLength(1)
    expect(await append(one, note('won'))).toBe('committed')
    expect(await other.append(draft)).toBe('conflict')
    expect(await keys('state')).toEqual([])
    await expect(environment.objects.complete(upload)).rejects.toThrow()
    expect(other.isFresh).toBe(false)
    expect(await other.read()).toMatchObject({ isNew: true, entry: { record: { text: 'won' } } })
  })

  it('holds for its own what was written although the answer was lost and the retry told of a conflict', async () => {
    const { open, note, append, faults, environment, staged } = setUp()
    const log = open()
    await log.read()
    faults.append = async (...call) => {
      await environment.table.append(...call)
      return environment.table.append(...call)
    }
    const upload = await staged('mine')
    expect(await append(log, note('a', [{ kind: 'complete', staged: upload }]))).toBe('committed')
    await log.publish()
    expect(await environment.objects.exists({ bucket: 'results', key: 'mine' })).toBe(true)
  })

  it('leaves what is staged, and forgets, while it is not known how it went', async () => {
    const { open, note, append, faults, environment, staged } = setUp()
    const log = open()
    await log.read()
    faults.append = async (...call) => {
      await environment.table.append(...call)
      throw new Error('no answer')
    }
    const upload = await staged('maybe')
    const record = note('a', [{ kind: 'complete', staged: upload }])
    await expect(append(log, record)).rejects.toThrow('no answer')
    expect(log.isFresh).toBe(false)
    expect(await log.read()).toMatchObject({ isNew: true, entry: { version: 1 } })
    await log.heal()
    expect(await environment.objects.exists({ bucket: 'results', key: 'maybe' })).toBe(true)
  })

  it('lets memory outlast that where nothing in it was changed', async () => {
    const { open, note, append, faults, published } = setUp()
    const log = open({ keepsMemory: true })
    await log.read()
    await append(log, note('a', [printing('a')]))
    await log.publish()
    faults.append = async () => {
      throw new Error('refused')
    }
    await expect(append(log, note('b'))).rejects.toThrow('refused')
    expect(log).toMatchObject({ version: 1, isFresh: true })
    await log.heal()
    expect(published).toEqual(['a'])
  })

  it('throws away what is staged for a record that cannot be written', async () => {
    const { open, note, staged, environment } = setUp()
    const log = open()
    await log.read()
    const upload = await staged('never')
    await expect(log.prepare(note('no note', [{ kind: 'complete', staged: upload }]))).rejects.toThrow()
    await expect(environment.objects.complete(upload)).rejects.toThrow()
    expect(log.isFresh).toBe(true)
  })
})

describe('publishing', () => {
  it('comes before anything that follows', async () => {
    const { open, note, append, published } = setUp()
    const log = open()
    await log.read()
    await append(log, note('a', [printing('a')])) // and the process dies here
    const next = open()
    await next.read()
    await append(next, note('b', [printing('b')]))
    expect(published).toEqual(['a'])
  })

  it('goes once where it is known, and is told of', async () => {
    const { open, note, append, published } = setUp()
    const told: number[] = []
    const log = open({ onPublished: ({ version }: Entry<Note>) => void told.push(version) })
    await log.read()
    await append(log, note('a', [printing('a')]))
    await log.publish()
    await log.publish()
    await log.heal()
    expect(published).toEqual(['a'])
    expect(told).toEqual([1])
  })

  it('leaves the wake-up to whoever handles one', async () => {
    const { open, note, append, published } = setUp()
    const log = open()
    await log.read()
    await append(log, note('a', [printing('a'), { kind: 'wake', at: 5 }]))
    await log.heal(false)
    expect(published).toEqual(['a'])
  })

  it('is not over before what an entry promises beyond its outbox is done', async () => {
    const { open, note, append } = setUp()
    const done: [string, boolean][] = []
    const log = open({
      fulfil: async ({ text }, again) => {
        done.push([text, again])
        if (!again) throw new Error('half way')
      },
    })
    await log.read()
    await append(log, note('a'))
    await expect(log.publish()).rejects.toThrow('half way')
    await log.heal()
    await log.heal()
    expect(done).toEqual([
      ['a', false],
      ['a', true],
    ])
  })
})

describe('the time of an entry', () => {
  it('is over after retention, but for the first, seals and what puts to sleep', async () => {
    const { open, note, append, environment } = setUp()
    const log = open()
    await log.read()
    const expiries: (number | undefined)[] = []
    for (const kind of ['birth', 'note', 'seal', 'note', 'sleep']) {
      await append(log, note('', [], kind))
      expiries.push((await environment.table.head(task))?.expiresAt)
    }
    const time = (START + 24 * HOUR) / 1000
    expect(expiries).toEqual([undefined, time, undefined, time, undefined])
  })

  it('is prolonged when it would soon be over', async () => {
    const { open, note, append, later, environment } = setUp()
    const log = open()
    await log.read()
    await append(log, note('a'))
    await append(log, note('b'))
    await log.keepAlive(({ version }) => version)
    expect((await environment.table.head(task))?.expiresAt).toBe((START + 24 * HOUR) / 1000)
    later(13 * HOUR)
    await log.keepAlive(({ version }) => version)
    expect((await environment.table.head(task))?.expiresAt).toBe((START + 37 * HOUR) / 1000)
    expect(log.head?.headUntil).toBe((START + 37 * HOUR) / 1000)
  })
})
