// What files say of themselves; how they are published is tested with the runtime (test/runtime/outputs.test.ts).

import zlib from 'node:zlib'
import { expect, it } from 'vitest'
import { type Encoder, textLines } from '../../../src/formats/encode.ts'
import { csvFiles, files, textFiles } from '../../../src/sinks/files/files.ts'

const part = { output: 's3://results/a', time: 1000, part: 'part-lines-0-00000000000000000000' }

it('is called by its address, and writes below its prefix', () => {
  expect(textFiles('s3://results/words')).toMatchObject({
    name: 's3://results/words',
    places: [{ kind: 'objects', bucket: 'results', prefix: 'words', suffix: undefined }],
  })
  expect(textFiles('s3://results/words', 'txt').name).toBe('s3://results/words.txt')
})

it('makes an object of each part, and an empty one when all are there', () => {
  const sink = textFiles('s3://results/words', 'txt')
  const success = { bucket: 'results', key: 'words-1000.txt/_SUCCESS' }
  expect(sink.promise(['a', ['b', 1]], part)).toEqual({
    writes: [
      {
        ref: { bucket: 'results', key: `words-1000.txt/${part.part}` },
        contentType: 'text/plain; charset=utf-8',
        body: 'a\n(b,1)\n',
        completedBy: success,
      },
    ],
  })
  expect(sink.complete(1000, () => [])).toEqual([
    { kind: 'put', ref: success, contentType: 'application/octet-stream', body: new Uint8Array(), packed: false },
  ])
})

it('takes a format of bytes as it is, with its extension', () => {
  const bytes = new Uint8Array([0, 255, 128])
  const format: Encoder<unknown> = { contentType: 'application/x-bytes', extension: '.bin', encode: () => bytes }
  const sink = files({ bucket: 'results', prefix: 'a', suffix: undefined }, format)
  const [write] = sink.promise(['x'], part).writes ?? []
  expect(write).toMatchObject({ ref: { key: `a-1000/${part.part}.bin` }, contentType: 'application/x-bytes' })
  expect(write && 'body' in write && write.body).toBe(bytes)
  expect(sink.longestKeys?.('9', 'part-0')).toEqual(['a-9/part-0.bin'])
})

it('reads for tests what it has written', () => {
  const csv = csvFiles('s3://results/a', { columns: ['id'] })
  expect(csv.read?.(Buffer.from('id\n1\n2\n'))).toEqual(['1', '2'])
  expect(csv.read?.(new Uint8Array())).toEqual([])
  const zipped: Encoder<unknown> = {
    contentType: 'application/gzip',
    extension: '.gz',
    encode: (elements) => zlib.gzipSync(textLines.encode(elements)),
    read: (body) => zlib.gunzipSync(body).toString().trimEnd().split('\n'),
  }
  const sink = files({ bucket: 'results', prefix: 'a', suffix: undefined }, zipped)
  const [write] = sink.promise(['x', 'y'], part).writes ?? []
  const body = write && 'body' in write && typeof write.body !== 'string' ? write.body : new Uint8Array()
  expect(sink.read?.(body)).toEqual(['x', 'y'])
})
