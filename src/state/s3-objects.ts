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
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type AwsClientOptions, awsClientSettings } from './aws-client.ts'
import { checkObjectRef } from './object-keys.ts'
import {
  type ObjectOptions,
  type ObjectRef,
  type ObjectStore,
  type ObjectSummary,
  objectUrl,
  type StagedObject,
} from './object-store.ts'
import { serviceError } from './service-errors.ts'
import { StagedObjectLostError } from './staged-object-lost-error.ts'

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

// For the answer to start, the body sent: 8 MiB in 30 s is 280 KB/s, times four for parts side by side.
const REQUEST_TIMEOUT_MS = 30_000

type Send<T> = () => Promise<T>

/** Objects in buckets that exist. */
export function s3Objects(options: S3ObjectsOptions = {}): ObjectStore {
  const s3 = options.client ?? s3Client(options)

  const put = async (ref: ObjectRef, body: Uint8Array, objectOptions?: ObjectOptions): Promise<void> => {
    if (body.byteLength >= MULTIPART_FROM_BYTES) return complete(await stage(ref, body, objectOptions))
    const input = { ...nameOf(ref), Body: body, ContentType: contentType(objectOptions) }
    await call('PutObject', 's3:PutObject', ref, () => s3.send(new PutObjectCommand(input)))
  }

  const stage = async (ref: ObjectRef, body: Uint8Array, objectOptions?: ObjectOptions): Promise<StagedObject> => {
    const name = { ...nameOf(ref), ContentType: contentType(objectOptions) }
    const { UploadId: token } = await call('CreateMultipartUpload', 's3:PutObject', ref, () =>
      s3.send(new CreateMultipartUploadCommand(name)),
    )
    if (token === undefined) throw noAnswer('CreateMultipartUpload', ref, 'an UploadId')
    const bodies = partsOf(body)
    const parts = new Array<string>(bodies.length).fill('')
    const upload = async (index: number, Body: Uint8Array) => {
      const { ETag } = await call('UploadPart', 's3:PutObject', ref, () =>
        s3.send(new UploadPartCommand({ ...nameOf(ref), UploadId: token, PartNumber: index + 1, Body })),
      )
      if (ETag === undefined) throw noAnswer('UploadPart', ref, 'an ETag')
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
    try {
      await call('CompleteMultipartUpload', 's3:PutObject', ref, () =>
        s3.send(new CompleteMultipartUploadCommand(input)),
      )
    } catch (error) {
      if (!causedBy(error, 'NoSuchUpload')) throw error
      // Completed before, by us or by another process; or aborted, and then there is no object.
      if (!(await exists(ref))) throw new StagedObjectLostError(staged, { cause: error })
    }
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
      return await call('GetObject', READ_ACTIONS, ref, async () => {
        const { Body } = await s3.send(new GetObjectCommand(name))
        return Body?.transformToByteArray() ?? new Uint8Array()
      })
    } catch (error) {
      if (causedBy(error, 'NoSuchKey')) return undefined
      throw error
    }
  }

  const exists = async (ref: ObjectRef): Promise<boolean> => {
    const name = nameOf(ref)
    try {
      await call('HeadObject', READ_ACTIONS, ref, () => s3.send(new HeadObjectCommand(name)))
      return true
    } catch (error) {
      // The answer to HEAD has no body, so a missing bucket looks the same here; writing to it tells.
      if (causedBy(error, 'NotFound', 'NoSuchKey')) return false
      throw error
    }
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

/** A client with the connection and retry settings that Millrace wants. */
export function s3Client(options: AwsClientOptions = {}): S3Client {
  // `||`, because an empty variable means none.
  const endpoint = options.endpoint || process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL
  return new S3Client({
    ...awsClientSettings(options, { requestTimeout: REQUEST_TIMEOUT_MS }),
    // Emulators have one host name for all buckets; AWS wants the bucket in the host name.
    forcePathStyle: Boolean(endpoint),
    // By default the SDK sends a CRC-32 with each upload and checks one on each download. Left out: TLS checks the transport,
    // S3 adds a checksum of its own, what Millrace reads back carries a CRC-32 already, and S3-compatible stores of others
    // refuse it. It is not free either: 40 MB from LocalStack take 100 to 150 ms without it and 205 to 255 ms with it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // By default bodies from 2 MiB up wait for "100 Continue", on a connection of their own that is closed afterwards: a TLS
    // handshake and a round trip per part, and the whole request timeout where a server or proxy does not answer it.
    expectContinueHeader: false,
  })
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

function noAnswer(operation: string, ref: ObjectRef, what: string) {
  const cause = new Error(`the answer lacks ${what}`)
  return serviceError({ service: 's3', operation, target: objectUrl(ref), action: 's3:PutObject', cause })
}

// S3's "url" encoding is that of forms: a space is a plus.
function urlDecode(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}
