import { describe, expect, it } from 'vitest'
import { parseTarget } from '../../src/stream/target.ts'

describe('a target', () => {
  it.each([
    ['s3://results/words', undefined, { bucket: 'results', prefix: 'words', suffix: undefined }],
    ['s3://results/a/b/c', 'txt', { bucket: 'results', prefix: 'a/b/c', suffix: 'txt' }],
    ['s3://results/a/', '', { bucket: 'results', prefix: 'a', suffix: undefined }],
    ['s3://my.bucket-1/ü #?', undefined, { bucket: 'my.bucket-1', prefix: 'ü #?', suffix: undefined }],
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
  ])('%o is refused', (target, message) => {
    expect(() => parseTarget('save', target)).toThrow(message)
  })

  it('has no suffix that would make a directory', () => {
    expect(() => parseTarget('save', 's3://results/words', 'a/b')).toThrow(
      "save: the suffix 'a/b' must not contain '/'.",
    )
  })
})
