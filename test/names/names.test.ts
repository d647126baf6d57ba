// Every name that is taken apart gives what it was made of, and no two things have one name, whatever users call theirs.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as edges from '../../src/names/edges.ts'
import * as longest from '../../src/names/longest.ts'
import * as objects from '../../src/names/objects.ts'
import * as operators from '../../src/names/operators.ts'
import * as outputs from '../../src/names/outputs.ts'
import * as rows from '../../src/names/rows.ts'
import * as keys from '../../src/names/table-keys.ts'
import * as tasks from '../../src/names/tasks.ts'
import { identityOf } from '../../src/options/identity.ts'

/** What names are hard to tell apart by, mixed with any others, lone surrogates included. */
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('#', '/', '-', '.', '%', '2', 'E', '0', 'a', ' ', 'part-', '🚂'), maxLength: 20 }),
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 20 }),
)
/** As Kafka has them. */
const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/).filter((text) => text !== '.' && text !== '..')
const id = fc.uuid()
const number = fc.maxSafeNat()
const partition = fc.nat(2 ** 31 - 1)
const task = fc.record({ job: name, stage: name, task: name })
const place = fc.record({
  bucket: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]$/),
  prefix: name.filter((text) => text !== '' && text !== '/'),
  suffix: fc.option(
    name.filter((text) => text !== '' && !text.includes('/')),
    { nil: undefined },
  ),
})

const always = <T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  holds: (...values: T) => void,
): void =>
  fc.assert(
    fc.property(...arbitraries, (...values) => {
      holds(...values)
    }),
  )

const WORDS: readonly outputs.OutputWord[] = ['print', 'foreachRDD', 'foreachPartition']

describe('what was made is taken apart again', () => {
  test('partitions', () => {
    always([topic, partition], (topic, partition) => {
      expect(tasks.partitionOf(tasks.partitionName(topic, partition))).toEqual({ topic, partition })
    })
    expect(() => tasks.partitionOf('lines')).toThrow("'lines' is no task of a partition")
  })

  test('versions', () => {
    always([number], (version) => expect(keys.versionOfKey(keys.versionKey(version))).toBe(version))
    for (const version of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => keys.versionKey(version)).toThrow('is no version')
    expect(keys.versionOfKey('42')).toBeUndefined()
  })

  test('names of rows, from their keys and from what they are of', () => {
    always([name], (row) => expect(keys.rowName(keys.rowSortKey(row))).toBe(row))
    for (const kind of [rows.TROUBLES, rows.HOLES, rows.PLANS, rows.REDIRECTS, rows.PROCESSES, rows.ATTEMPTS])
      always([name], (what) => expect(kind.whose(kind.of(what))).toBe(what))
    expect(() => rows.HOLES.whose(rows.PLANS.of('x'))).toThrow("'plan#x' is no row of hole")
  })

  test('snapshots', () => {
    const said = fc.record({ version: number, at: number, previous: fc.oneof(fc.constant(''), id), id })
    always([task, said], (task, said) => {
      const key = objects.snapshotKey(task, said)
      expect(objects.snapshotNameOf(key)).toEqual(said)
      expect(objects.snapshotId(key)).toBe(said.id)
      expect([objects.folderOfKey(key), objects.ownKindOf(key)]).toEqual([objects.snapshotFolder(task), 'snapshot'])
      expect(key.startsWith(objects.snapshotFolder({ job: task.job }))).toBe(true)
    })
    expect(objects.snapshotNameOf('_millrace/snapshots/job/stage/0/1f3')).toBeUndefined()
  })

  test('spilled records', () => {
    always([task, number, number, id], (task, version, at, id) => {
      const key = objects.spillKey(task, id, { version, at })
      expect(objects.spillNameOf(key)).toEqual({ version, at })
      expect([objects.folderOfKey(key), objects.ownKindOf(key)]).toEqual([objects.spillFolder(task), 'spill'])
      expect(objects.spillNameOf(objects.spillKey(task, id))).toBeUndefined()
    })
  })

  test('addresses', () => {
    const key = name.filter((text) => text !== '' && !/[\n\r\u2028\u2029]/.test(text))
    always([place, key], ({ bucket }, key) => {
      expect(objects.refOfUrl(objects.objectUrl({ bucket, key }))).toEqual({ bucket, key })
      expect(objects.bucketOfUrl(objects.bucketUrl(bucket))).toBe(bucket)
    })
    expect(objects.refOfUrl('s3://results')).toBeUndefined()
    expect(objects.bucketOfUrl('s3://results/a')).toBeUndefined()
  })

  test('objects of outputs', () => {
    always([place, number, topic, partition, number], (place, time, topic, partition, offset) => {
      const folder = outputs.batchFolder(place, time)
      for (const part of [
        outputs.partOfRecords(tasks.partitionName(topic, partition), objects.offsetDigits(offset)),
        outputs.partOfBucket(partition),
        outputs.SUCCESS,
      ]) {
        const key = outputs.keyOfPart(folder, part)
        expect(outputs.resultOf(place, key)).toEqual({ time, part })
        expect(outputs.isSuccess(key)).toBe(part === outputs.SUCCESS)
        expect(key.startsWith(outputs.partsIn(folder))).toBe(part !== outputs.SUCCESS)
      }
    })
  })

  test('ids of operators', () => {
    always([topic, topic, fc.integer({ min: 1, max: 9 })], (a, b, n) => {
      const inner = operators.numbered(operators.derivedId('window', [a]), n)
      const outer = operators.derivedId('sum', [inner, b])
      if (outer.includes('~')) return // shortened
      expect(operators.soleAncestor(operators.derivedId('sum', [inner]))).toBe(inner)
      expect(operators.ancestorIn(outer, operators.derivedId('window', [a]))).toBe(inner)
      expect(operators.isPartId(operators.partId(a, 'reduce'))).toBe(true)
      expect(operators.isPartId(outer)).toBe(false)
    })
  })

  test('edges and places', () => {
    always([name, fc.nat(9), fc.option(topic, { nil: undefined })], (operator, input, made) => {
      const [edge, inPlace] = [edges.edgeName(operator, input, made), edges.edgeNameInPlace(operator, input, made)]
      expect([edges.stageOfEdge(edge), edges.operatorOf(inPlace)]).toEqual([operator, operator])
      expect(edges.isInPlace(inPlace)).toBe(true)
    })
    for (const make of [edges.topicPlace, edges.passedPlace, edges.stagePlace])
      always([name], (of) => expect(edges.placeOf(make(of))).toBe(make(of)))
    expect(edges.placeOf('elsewhere')).toBeUndefined()
  })
})

describe('no two things have one name', () => {
  test('logs and jobs', () => {
    always([task, task], (a, b) => {
      const same = a.job === b.job && a.stage === b.stage && a.task === b.task
      expect(keys.logKey(a) === keys.logKey(b)).toBe(same)
      expect(keys.jobKey(a.job) === keys.jobKey(b.job)).toBe(a.job === b.job)
      expect(keys.logKey(a).startsWith(keys.logKeysOf(b.job))).toBe(a.job === b.job)
      expect(objects.snapshotFolder(a) === objects.snapshotFolder(b)).toBe(same)
    })
  })

  test('rows of different kinds', () => {
    const kinds = [rows.TROUBLES, rows.HOLES, rows.PLANS, rows.REDIRECTS, rows.PROCESSES, rows.ATTEMPTS]
    always([name, name], (a, b) => {
      const all = kinds.flatMap((kind) => [...new Set([kind.of(a), kind.of(b)])])
      expect(new Set([...all, rows.CLAIM_ROW, rows.CONTROL_ROW, rows.WAKE_ROW, rows.LOOKOUT_ROW]).size).toBe(
        all.length + 4,
      )
    })
  })

  test('what is ours and what is quarantined', () => {
    always([topic, partition, number, number], (topic, partition, offset, time) => {
      const task = tasks.sourceTask('job', tasks.partitionName(topic, partition))
      const records = objects.quarantinedRecordsKey('q', task, objects.offsetDigits(offset))
      expect(records).not.toBe(objects.quarantinedValuesKey('q', task, time))
    })
    expect(objects.ownKindOf(objects.quarantinePrefix('job'))).toBe('quarantine')
    expect(objects.ownKindOf('results-5/part-0')).toBeUndefined()
  })

  test('operators and structure', () => {
    for (const id of [tasks.SOURCE_STAGE, tasks.CLOSE_STAGE, tasks.IN_PLACE, 'in place sum']) {
      expect(operators.structureOf(id)).toBe('a stage')
      expect(() => identityOf('sum', { formerly: id })).toThrow('is what Millrace itself calls a stage')
    }
    always([fc.constantFrom(...WORDS), fc.nat()], (word, n) => {
      expect(operators.structureOf(outputs.numberedOutputId(word, n))).toBe('an output')
    })
    for (const id of ['print', 'print-', 'print-a', 'reprint-1', 'window-5'])
      expect(operators.structureOf(id)).toBeUndefined()
    always([topic], (name) => expect(operators.structureOf(operators.derivedId('sum', [name]))).toBeUndefined())
    expect(identityOf('sum', { formerly: 'in places' })).toEqual({ id: undefined, formerly: 'in places' })
  })

  test('outputs', () => {
    always([place, fc.nat()], (place, number) => {
      expect(outputs.filesOutputId(place)).not.toBe(outputs.numberedOutputId('print', number))
    })
  })

  test('parts of two writers of one batch', () => {
    always([fc.nat(99_999), fc.nat(99_999), fc.stringMatching(/^[\w-]{8}$/)], (a, b, fingerprint) => {
      expect(outputs.partOfBucket(a) === outputs.partOfBucket(b)).toBe(a === b)
      expect(outputs.partOfBucket(a)).not.toBe(outputs.partOfBucket(b, fingerprint))
    })
  })
})

describe('none is longer than the longest', () => {
  const bytes = Buffer.byteLength

  test('of its kind', () => {
    const at = fc.nat(10 ** 13 - 1)
    always([name, topic, partition, number, at, id, place], (job, topic, partition, version, at, id, place) => {
      const source = tasks.sourceTask(job, tasks.partitionName(topic, partition))
      const most = longest.longestSourceTask(job, [topic, ''])
      expect(bytes(keys.logKey(source))).toBeLessThanOrEqual(bytes(keys.logKey(most)))
      const snapshot = longest.longestSnapshotKey(most)
      expect(bytes(objects.snapshotKey(source, { version, at, previous: id, id }))).toBeLessThanOrEqual(bytes(snapshot))
      expect(bytes(objects.spillKey(source, id, { version, at }))).toBeLessThanOrEqual(bytes(snapshot))
      const aside = longest.longestQuarantineKey('q', most)
      expect(bytes(objects.quarantinedRecordsKey('q', source, objects.offsetDigits(version)))).toBeLessThanOrEqual(
        bytes(aside),
      )
      expect(bytes(objects.quarantinedValuesKey('q', source, version))).toBeLessThanOrEqual(bytes(aside))
      const folder = outputs.batchFolder(place, version)
      const part = outputs.keyOfPart(folder, outputs.partOfRecords(source.task, objects.offsetDigits(version)))
      expect(bytes(part)).toBeLessThanOrEqual(
        bytes(outputs.keyOfPart(outputs.batchFolder(place, longest.LONGEST_TIME), longest.longestPart([topic]))),
      )
    })
  })
})

describe('order', () => {
  test('what names of rows start with, their keys start with', () => {
    always([name, name], (start, rest) => {
      if (start === '') return
      const prefix = keys.rowSortKeyPrefix(start)
      expect(keys.rowSortKey(start + rest).startsWith(prefix)).toBe(true)
      expect(keys.rowSortKey(rest).startsWith(prefix)).toBe(rest.startsWith(start))
    })
  })

  test('versions sort as numbers do', () => {
    always([number, number], (a, b) => expect(keys.versionKey(a) < keys.versionKey(b)).toBe(a < b))
  })
})
