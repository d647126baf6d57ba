// Objects in S3. What makes I3 possible without a second copy: a multipart upload that is not completed is seen by no
// reader, lasts until it is aborted, and completing it is one small request that may be repeated.

import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { ServiceError } from '../errors/errors.ts'
import { StagedObjectLostError } from '../errors/object-errors.ts'
import { checkAnswers, ForeignAnswerError } from './answers.ts'
import type { AwsClientOptions } from './aws-client.ts'
import { checkObjectRef } from './object-keys.ts'
import {
  type ObjectOptions,
  type ObjectRef,
  type ObjectStore,
  type ObjectSummary,
  objectUrl,
  type StagedObject,
} from './object-store.ts'
import { isTagOf, S3_ANSWERS, uploadTag } from './s3-answers.ts'
import { s3Client } from './s3-client.ts'
import { serviceError } from './service-errors.ts'

export interface S3ObjectsOptions extends AwsClientOptions {
  /** A client to share; it is then not closed by `close`, and the other options do not apply to it. */
  readonly client?: S3Client
}

// S3 takes parts from 5 MiB; 8 MiB is what its own tools use. 10,000 parts at most, so 80 GB.
const PART_BYTES = 8 * 1024 * 1024

// One connection to S3 carries some 85 to 90 MB/s, and a Lambda function has about 75 MB/s beyond its burst: a few are
// enough to fill it and do not hold more than 32 MiB in flight.
const PARTS_AT_ONCE = 4

// From here on a put goes in parts as well: side by side, and what fails is sent again by the part.
const MULTIPART_FROM_BYTES = 2 * PART_BYTES

// Of an object whose body breaks off.
const READ_ATTEMPTS = 3

type Send<T> = () => Promise<T>

/** Objects in buckets that exist. */
export function s3Objects(options: S3ObjectsOptions = {}): ObjectStore {
  const s3 = options.client ?? s3Client(options)
  checkAnswers(s3, S3_ANSWERS)

  const put = async (ref: ObjectRef, body: Uint8Array, objectOptions?: ObjectOptions): Promise<void> => {
    if (body.byteLength >= MULTIPART_FROM_BYTES) return complete(await stage(ref, body, objectOptions))
    const input = { ...nameOf(ref), Body: body, ContentType: contentType(objectOptions) }
    const answer = await call('PutObject', 's3:PutObject', ref, () => s3.send(new PutObjectCommand(input)))
    if (!isTagOf(answer, body)) await confirm('PutObject', ref, body.byteLength, answer.ETag)
  }

  const stage = async (ref: ObjectRef, body: Uint8Array, objectOptions?: ObjectOptions): Promise<StagedObject> => {
    const name = { ...nameOf(ref), ContentType: contentType(objectOptions) }
    const { UploadId: token } = await call('CreateMultipartUpload', 's3:PutObject', ref, () =>
      s3.send(new CreateMultipartUploadCommand(name)),
    )
    if (token === undefined) throw unconvincing('CreateMultipartUpload', ref, 'it has no UploadId')
    const bodies = partsOf(body)
    const parts = new Array<string>(bodies.length).fill('')
    const upload = async (index: number, Body: Uint8Array) => {
      const { ETag } = await call('UploadPart', 's3:PutObject', ref, () =>
        s3.send(new UploadPartCommand({ ...nameOf(ref), UploadId: token, PartNumber: index + 1, Body })),
      )
      if (ETag === undefined) throw unconvincing('UploadPart', ref, 'it has no ETag')
      parts[index] = ETag
    }
    const staged = { ref, token, parts, bytes: body.byteLength }
    try {
      const queue = bodies.entries()
      const worker = async () => {
        for (const [index, part] of queue) await upload(index, part)
      }
      await Promise.all(Array.from({ length: PARTS_AT_ONCE }, worker))
    } catch (error) {
      // Parts of an upload that nobody will ever complete cost money until the bucket's lifecycle rule finds them.
      await abort(staged).catch(() => {})
      throw error
    }
    return staged
  }

  const complete = async (staged: StagedObject): Promise<void> => {
    const { ref, token } = staged
    const Parts: CompletedPart[] = staged.parts.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
    const input = { ...nameOf(ref), UploadId: token, MultipartUpload: { Parts } }
    const tag = uploadTag(staged.parts)
    let cause: unknown
    try {
      const { Key, ETag } = await call('CompleteMultipartUpload', 's3:PutObject', ref, () =>
        s3.send(new CompleteMultipartUploadCommand(input)),
      )
      if (Key === ref.key || ETag === tag) return
    } catch (error) {
      if (causedBy(error, 'NoSuchUpload')) {
        // Completed before, by us or by another process; or aborted, and then there is no object.
        if (await exists(ref)) return
        throw new StagedObjectLostError(staged, { cause: error })
      }
      if (!causedBy(error, 'ForeignAnswer')) throw error
      cause = error
    }
    await confirm('CompleteMultipartUpload', ref, staged.bytes, tag, cause)
  }

  const abort = async ({ ref, token }: StagedObject): Promise<void> => {
    const input = { ...nameOf(ref), UploadId: token }
    try {
      await call('AbortMultipartUpload', 's3:AbortMultipartUpload', ref, () =>
        s3.send(new AbortMultipartUploadCommand(input)),
      )
    } catch (error) {
      if (!causedBy(error, 'NoSuchUpload')) throw error
    }
  }

  const get = async (ref: ObjectRef): Promise<Uint8Array | undefined> => {
    const name = nameOf(ref)
    try {
      for (let attempt = 1; ; attempt++) {
        const read = call('GetObject', READ_ACTIONS, ref, async () => {
          const { Body, ContentLength } = await s3.send(new GetObjectCommand(name))
          const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
          if (bytes.byteLength === (ContentLength ?? bytes.byteLength)) return bytes
          throw new ForeignAnswerError(`the body ends after ${bytes.byteLength} of ${ContentLength} bytes`)
        })
        if (attempt === READ_ATTEMPTS) return await read
        try {
          return await read
        } catch (error) {
          // The SDK tries again until an answer begins; a body that breaks off after that is ours to ask for again.
          if (!(error instanceof ServiceError) || error.facts.attempts !== undefined) throw error
        }
      }
    } catch (error) {
      if (causedBy(error, 'NoSuchKey')) return undefined
      throw error
    }
  }

  const head = async (ref: ObjectRef): Promise<HeadObjectCommandOutput | undefined> => {
    const name = nameOf(ref)
    try {
      return await call('HeadObject', READ_ACTIONS, ref, () => s3.send(new HeadObjectCommand(name)))
    } catch (error) {
      // The answer to HEAD has no body, so a missing bucket looks the same here; writing to it tells.
      if (causedBy(error, 'NotFound', 'NoSuchKey')) return undefined
      throw error
    }
  }

  const exists = async (ref: ObjectRef): Promise<boolean> => (await head(ref)) !== undefined

  /** Sees for itself that what was written is there, when the answer to writing it does not say so. */
  const confirm = async (operation: string, ref: ObjectRef, bytes: number, tag?: string, cause?: unknown) => {
    const found = await head(ref)
    if (found?.ContentLength === bytes && found.ETag === tag) return
    const there = found ? `what is there has ${found.ContentLength} bytes and ETag ${found.ETag}` : 'nothing is there'
    throw cause ?? unconvincing(operation, ref, `it is not about what was written (${bytes} bytes), and ${there}`)
  }

  async function* list(bucket: string, prefix: string): AsyncGenerator<ObjectSummary> {
    let from: string | undefined
    do {
      const page = await call('ListObjectsV2', 's3:ListBucket', { bucket, key: prefix }, () =>
        s3.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            // Keys may hold characters that XML cannot.
            EncodingType: 'url',
            ...(from !== undefined && { ContinuationToken: from }),
          }),
        ),
      )
      for (const { Key, Size } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: page.EncodingType === 'url' ? urlDecode(Key) : Key, bytes: Size ?? 0 }
      }
      from = page.NextContinuationToken
    } while (from !== undefined)
  }

  return {
    put,
    stage,
    complete,
    abort,
    get,
    exists,
    list,

    async delete(ref) {
      const name = nameOf(ref)
      await call('DeleteObject', 's3:DeleteObject', ref, () => s3.send(new DeleteObjectCommand(name)))
    },

    close() {
      if (!options.client) s3.destroy()
    },
  }
}

// Without s3:ListBucket S3 answers 403 instead of 404 for a key that does not exist.
const READ_ACTIONS = 's3:GetObject and s3:ListBucket'

async function call<T>(operation: string, action: string, ref: ObjectRef, send: Send<T>): Promise<T> {
  try {
    return await send()
  } catch (cause) {
    throw serviceError({ service: 's3', operation, target: objectUrl(ref), action, cause })
  }
}

function nameOf(ref: ObjectRef): { Bucket: string; Key: string } {
  checkObjectRef(ref)
  return { Bucket: ref.bucket, Key: ref.key }
}

function contentType(options?: ObjectOptions): string {
  return options?.contentType ?? 'application/octet-stream'
}

/** At least one part, be it empty: an upload without parts cannot be completed. */
function partsOf(body: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(body.byteLength / PART_BYTES))
  return Array.from({ length: count }, (_, i) => body.subarray(i * PART_BYTES, (i + 1) * PART_BYTES))
}

function causedBy(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && error.cause instanceof Error && names.includes(error.cause.name)
}

function unconvincing(operation: string, ref: ObjectRef, problem: string) {
  const cause = new ForeignAnswerError(problem)
  return serviceError({ service: 's3', operation, target: objectUrl(ref), action: 's3:PutObject', cause })
}

// S3's "url" encoding is that of forms: a space is a plus.
function urlDecode(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}
