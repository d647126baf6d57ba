// Whether names fit the keys that they become is known at definition: after a commit it would be too late.

import { describe, expect, it } from 'vitest'
import { type Job, type JobOptions, job, text } from '../../src/index.ts'
import { shortId } from '../../src/names/operators.ts'
import { planned } from '../support/definition.ts'

interface Names {
  readonly name?: string
  readonly topics?: readonly string[]
  readonly target?: string
  readonly options?: Partial<JobOptions>
}

function copy({ name = 'copy', topics = ['lines'], target = 's3://results/copy', options = {} }: Names): Job {
  return job(name, { batch: 1000, ...options }, ({ kafka }) => {
    kafka(topics, { value: text() })
      .map(({ value }) => value)
      .saveAsTextFiles(target)
  })
}

describe('names that do not fit', () => {
  it.each<[string, Names, string]>([
    ['a prefix', { target: `s3://results/${'p'.repeat(990)}` }, 'Shorten the prefix.'],
    ['a prefix in bytes', { target: `s3://results/${'ü'.repeat(490)}` }, 'Shorten the prefix.'],
    ['a prefix with a long topic', { target: `s3://r-1/${'p'.repeat(750)}`, topics: ['t'.repeat(249)] }, 'the prefix'],
    ['a quarantine', { options: { quarantine: `s3://results/${'q'.repeat(990)}` } }, 'the prefix of quarantine'],
    ['a job, escaped', { name: '#'.repeat(255), topics: ['t'.repeat(249)] }, 'Shorten'],
  ])('%s is refused', (_, names, message) => {
    expect(() => planned(copy(names))).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => planned(copy(names))).toThrow(message)
  })

  it.each<[string, Names]>([
    ['a prefix of 900 bytes', { target: `s3://results/${'p'.repeat(900)}` }],
    ['a topic of 249', { topics: ['t'.repeat(249)] }],
    ['a job of 255 bytes', { name: 'j'.repeat(255), topics: ['t'.repeat(249)] }],
  ])('%s is not', (_, names) => {
    expect(() => planned(copy(names))).not.toThrow()
  })
})

describe('ids of operators that read very much', () => {
  const counting = (topics: readonly string[]): Job =>
    job('counting', { batch: 1000 }, ({ kafka }) => {
      const values = kafka(topics, { value: text() }).map(({ value }) => value)
      values.countByValue().window(2000, 1000).count().print()
    })
  const idsOf = (topics: readonly string[]) => planned(counting(topics)).stages.map(({ id }) => id)
  const many = Array.from({ length: 300 }, (_, i) => `a-topic-with-a-long-name-${i}`)

  it('end in a hash, so that a job may read any number of topics', () => {
    expect(idsOf(many).every((id) => id.length <= 120)).toBe(true)
    expect(new Set(idsOf(many)).size).toBe(idsOf(many).length)
    expect(idsOf(many)).toEqual(idsOf(many))
    expect(idsOf(many)).not.toEqual(idsOf(many.slice(1)))
  })

  it('stay as they are while they are short', () => {
    expect(idsOf(['lines'])[0]).toBe('combineByKey(lines)')
    expect(shortId('x'.repeat(120))).toBe('x'.repeat(120))
    expect(shortId('x'.repeat(121))).toHaveLength(120)
  })
})
