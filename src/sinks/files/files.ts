// Files: every part of a batch is an object of its own, published with its commit, and `_SUCCESS` says that all are there.

import { type CsvOptions, csvLines, type Encoder, ndjsonLines, textLines } from '../../formats/encode.ts'
import type { ObjectRef } from '../../names/objects.ts'
import { batchFolder, type FilesPlace, filesOutputId, keyOfPart, successKey } from '../../names/outputs.ts'
import { checkKnownOptions } from '../../options/options.ts'
import type { Sink } from '../sink.ts'
import { parseTarget } from './target.ts'

/** Options of {@link DStream.saveAsCsvFiles}. */
export interface CsvFileOptions extends CsvOptions {
  /** What follows T and a dot in the names of objects. Default: nothing. */
  readonly suffix?: string
}

export function textFiles(prefix: string, suffix?: string): Sink {
  return files(parseTarget('saveAsTextFiles', prefix, suffix), textLines)
}

export function ndjsonFiles(prefix: string, suffix?: string): Sink {
  return files(parseTarget('saveAsNdjsonFiles', prefix, suffix), ndjsonLines)
}

export function csvFiles(prefix: string, options: CsvFileOptions): Sink {
  checkKnownOptions('saveAsCsvFiles', options, ['columns', 'header', 'suffix'])
  return files(parseTarget('saveAsCsvFiles', prefix, options.suffix), csvLines(options))
}

/** Objects in any format. */
export function files(target: FilesPlace, encoder: Encoder<unknown>): Sink {
  const { bucket } = target
  const { contentType, extension = '' } = encoder
  const keyOf = (time: number | string, part: string): string =>
    keyOfPart(batchFolder(target, time), `${part}${extension}`)
  const success = (time: number): ObjectRef => ({ bucket, key: successKey(batchFolder(target, time)) })
  return {
    name: filesOutputId(target),
    places: [{ kind: 'objects', ...target }],
    promise(elements, { time, part }) {
      const ref = { bucket, key: keyOf(time, part) }
      return { writes: [{ ref, contentType, body: encoder.encode(elements), completedBy: success(time) }] }
    },
    complete: (time) => [
      {
        kind: 'put',
        ref: success(time),
        contentType: 'application/octet-stream',
        body: new Uint8Array(),
        packed: false,
      },
    ],
    longestKeys: (time, part) => [keyOf(time, part)],
    ...(encoder.read && { read: encoder.read }),
  }
}
