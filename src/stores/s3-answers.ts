// What S3's answers must hold to count, by command, and what their ETags say.

import { createHash, getFips } from 'node:crypto'
import type { PutObjectCommandOutput } from '@aws-sdk/client-s3'
import { type AnswerCheck, field } from './answers.ts'

const hasTag: AnswerCheck = ({ output }) => (hasText(output, 'ETag') ? undefined : 'it has no ETag')

// The answer to a DELETE has no body; other stores than S3 answer it with 200 instead of 204.
const noPage: AnswerCheck = ({ contentType }) => (contentType.startsWith('text/html') ? 'it is a web page' : undefined)

/** Whatever is not S3's lacks these, an error in a body with status 200 as well. */
export const S3_ANSWERS: ReadonlyMap<string, AnswerCheck> = new Map<string, AnswerCheck>([
  ['PutObject', hasTag],
  ['UploadPart', hasTag],
  ['CompleteMultipartUpload', hasTag],
  ['GetObject', hasTag],
  ['HeadObject', hasTag],
  ['CreateMultipartUpload', ({ output }) => (hasText(output, 'UploadId') ? undefined : 'it has no UploadId')],
  ['DeleteObject', noPage],
  ['AbortMultipartUpload', noPage],
  [
    'ListObjectsV2',
    ({ output }) => {
      const more = field(output, 'IsTruncated')
      if (more === undefined) return 'it is no list of objects'
      return more && !hasText(output, 'NextContinuationToken') ? 'it does not say where it goes on' : undefined
    },
  ],
])

function hasText(output: object, name: string): boolean {
  const value = field(output, name)
  return typeof value === 'string' && value !== ''
}

/**
 * Whether the answer to a put is about these bytes, as far as its ETag says: it is their MD5, except under keys of KMS.
 * 64 KB, more than most objects that are put whole, take 0.1 ms.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function isTagOf(answer: PutObjectCommandOutput, body: Uint8Array): boolean {
  if (answer.ServerSideEncryption?.startsWith('aws:kms') || getFips() === 1) return true
  return answer.ETag === `"${createHash('md5').update(body).digest('hex')}"`
}

/** The ETag of an upload of parts: the MD5 of theirs, and how many they are. Not under keys of KMS. */
export function uploadTag(parts: readonly string[]): string | undefined {
  if (getFips() === 1) return undefined
  const hash = createHash('md5')
  for (const part of parts) hash.update(part.replaceAll('"', ''), 'hex')
  return `"${hash.digest('hex')}-${parts.length}"`
}
