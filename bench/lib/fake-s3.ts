// S3 that takes everything and keeps nothing: the SDK's real client on a connection of our own, so that requests are counted
// as S3 would charge for them, and what they carry can be looked at.

import { S3Client } from '@aws-sdk/client-s3'

export interface FakeS3 {
  readonly client: S3Client
  /** Requests by command: PutObject, CreateMultipartUpload, UploadPart … */
  readonly requests: Map<string, number>
  /** Objects put whole since the last reset, which rode inside a commit record: their keys and bodies. */
  readonly put: { readonly key: string; readonly body: Uint8Array }[]
  reset(): void
}

export function fakeS3(): FakeS3 {
  const requests = new Map<string, number>()
  const put: { key: string; body: Uint8Array }[] = []
  const client = new S3Client({ region: 'us-east-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } })
  client.middlewareStack.add(
    (_next, { commandName = '' }) =>
      async ({ input }) => {
        const name = commandName.replace(/Command$/, '')
        requests.set(name, (requests.get(name) ?? 0) + 1)
        if (name === 'PutObject' && 'Key' in input && 'Body' in input && input.Body instanceof Uint8Array) {
          put.push({ key: input.Key ?? '', body: input.Body })
        }
        const Key = 'Key' in input ? input.Key : undefined
        // Under a key of KMS an ETag says nothing about the bytes.
        const output = {
          $metadata: {},
          UploadId: 'upload',
          ETag: 'etag',
          Key,
          ServerSideEncryption: 'aws:kms' as const,
        }
        return { response: {}, output }
      },
    // In place of everything that would go to the network.
    { step: 'initialize', priority: 'low' },
  )
  return {
    client,
    requests,
    put,
    reset() {
      requests.clear()
      put.length = 0
    },
  }
}
