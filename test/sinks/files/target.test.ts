import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FilesPlace, sameObjects } from '../../../src/names/outputs.ts'
import { parseTarget } from '../../../src/sinks/files/target.ts'

describe('a target', () => {
  it.each([
    ['s3://results/words', undefined, { bucket: 'results', prefix: 'words', suffix: undefined }],
    ['s3://results/a/b/c', 'txt', { bucket: 'results', prefix: 'a/b/c', suffix: 'txt' }],
    ['s3://results/a/', '', { bucket: 'results', prefix: 'a', suffix: undefined }],
    ['s3://my.bucket-1/ü #?', undefined, { bucket: 'my.bucket-1', prefix: 'ü #?', suffix: undefined }],
    ['s3://results/a//b', undefined, { bucket: 'results', prefix: 'a//b', suffix: undefined }],
    ['s3://results//a', undefined, { bucket: 'results', prefix: '/a', suffix: undefined }],
    ['s3://results/a/...', undefined, { bucket: 'results', prefix: 'a/...', suffix: undefined }],
    ['s3://results/_millrace', undefined, { bucket: 'results', prefix: '_millrace', suffix: undefined }],
    ['s3://results/not_millrace/x', undefined, { bucket: 'results', prefix: 'not_millrace/x', suffix: undefined }],
  ])('%o with suffix %o', (target, suffix, expected) => {
    expect(parseTarget('save', target, suffix)).toEqual(expected)
  })

  it.each([
    ['results/words', "save: 'results/words' is not an address of objects. Write s3://bucket/prefix"],
    ['s3://results', 'is not an address of objects'],
    ['s3://results/', 'is not an address of objects'],
    ['s3:///words', "save: '' in 's3:///words' is not a bucket name (3 to 63 of a-z, 0-9, '-' and '.')."],
    ['s3://Results/words', "'Results' in 's3://Results/words' is not a bucket name"],
    ['s3://ab/words', "'ab' in 's3://ab/words' is not a bucket name"],
    ['s3://-results/words', 'is not a bucket name'],
    ['s3://results_/words', 'is not a bucket name'],
    [
      's3://results/_millrace/x',
      "save: 's3://results/_millrace/x' is below _millrace/, which Millrace keeps for itself.",
    ],
    ['file:///tmp/words', 'is not an address of objects'],
    ['', "save: '' is not an address of objects"],
    ['s3://results//', "save: 's3://results//' has no prefix. Write s3://bucket/prefix."],
    ['s3://results/..', "'s3://results/..' has a segment '.' or '..', which S3's clients resolve or refuse"],
    ['s3://results/a/../b', "has a segment '.' or '..'"],
    ['s3://results/./a/', "has a segment '.' or '..'"],
    ['s3://results/a\ud800', 'contains half of a surrogate pair, which has no UTF-8'],
  ])('%o is refused', (target, message) => {
    expect(() => parseTarget('save', target)).toThrow(message)
  })

  it('has no suffix that would make a directory', () => {
    expect(() => parseTarget('save', 's3://results/words', 'a/b')).toThrow(
      "save: the suffix 'a/b' must not contain '/'.",
    )
  })
})

describe('two targets', () => {
  const target = (prefix: string, suffix?: string, bucket = 'results'): FilesPlace => ({ bucket, prefix, suffix })

  it.each<[FilesPlace, FilesPlace, boolean]>([
    [target('a'), target('a'), true],
    [target('a', 'x'), target('a', 'x'), true],
    [target('a'), target('a', 'x'), false],
    [target('a', 'x'), target('a', 'y'), false],
    [target('a'), target('a', undefined, 'others'), false],
    [target('a', 'x-5'), target('a-1000.x'), true],
    [target('a', 'x-5.y'), target('a-1000.x', 'y'), true],
    [target('a', 'x-5.y'), target('a-1000.x'), false],
    [target('a'), target('a-1000'), false],
  ])('%o and %o write to the same objects: %s', (a, b, same) => {
    expect([sameObjects(a, b), sameObjects(b, a)]).toEqual([same, same])
  })

  it('agree with looking at the keys, for whatever times', () => {
    const part = fc.string({ unit: fc.constantFrom('a', '-', '.', '1'), minLength: 1, maxLength: 6 })
    const targets = fc
      .tuple(part, fc.option(part, { nil: undefined }))
      .map(([prefix, suffix]) => target(prefix, suffix))
    // All digits are ones, so these are all times at which any two can meet.
    const directories = ({ prefix, suffix }: FilesPlace) =>
      [1, 11, 111, 1111, 11111, 111111].map((t) => `${prefix}-${t}${suffix === undefined ? '' : `.${suffix}`}`)
    fc.assert(
      fc.property(targets, targets, (a, b) => {
        const ofA = new Set(directories(a))
        expect(sameObjects(a, b)).toBe(directories(b).some((directory) => ofA.has(directory)))
      }),
      { numRuns: 2000 },
    )
  })
})
