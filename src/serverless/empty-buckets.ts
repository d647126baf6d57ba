// With `onRemove: delete` the buckets that this stack has made (and no others, whatever the jobs name today) are emptied and deleted once the
// stack is gone, and its functions with it: nothing writes to them any more. CloudFormation itself deletes no bucket that holds something.

import { DeleteBucketCommand, DeleteObjectsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { describeCause, MillraceError } from '../errors/errors.ts'
import { objectUrl } from '../names/objects.ts'
import { pathStyle } from '../stores/s3-client.ts'
import { deployedResources } from './deployed-template.ts'
import { BUCKET, outputBucketId } from './deployment.ts'
import type { AwsProvider } from './framework.ts'
import { standInsOf } from './pseudo-parameters.ts'

/** Buckets of the deployed stack that are this plugin's. */
export interface OwnBuckets {
  readonly names: readonly string[]
  /** Those that CloudFormation was told to delete, by an older version of this plugin: it fails unless they are empty before. */
  readonly emptyBefore: readonly string[]
}

export async function ownBuckets(provider: AwsProvider): Promise<OwnBuckets> {
  const resources = await provider.getStackResources()
  const own = resources.flatMap(({ ResourceType, LogicalResourceId: id = '', PhysicalResourceId: name }) => {
    if (ResourceType !== 'AWS::S3::Bucket' || name === undefined) return []
    return id === BUCKET || standInsOf(name).some((known) => id === outputBucketId(known)) ? [{ id, name }] : []
  })
  const template = own.length === 0 ? {} : await deployedResources(provider)
  const policyOf = (id: string) => (template instanceof Error ? undefined : template[id]?.DeletionPolicy)
  return {
    names: own.map(({ name }) => name),
    emptyBefore: own.filter(({ id }) => policyOf(id) === 'Delete').map(({ name }) => name),
  }
}

/** Empties buckets; with `andDelete` they are gone afterwards, and one that is gone already is as good. */
export async function emptyBuckets(provider: AwsProvider, names: readonly string[], andDelete: boolean): Promise<void> {
  if (names.length === 0) return
  const s3 = new S3Client({
    ...(await provider.getAwsSdkV3Config()),
    forcePathStyle: pathStyle(),
  })
  try {
    await Promise.all(
      names.map(async (Bucket) => {
        try {
          await emptyBucket(s3, Bucket)
          if (andDelete) await s3.send(new DeleteBucketCommand({ Bucket }))
        } catch (error) {
          if (error instanceof Error && error.name === 'NoSuchBucket') return
          throw new MillraceError(
            'BUCKET_LEFT_BEHIND',
            `The bucket '${Bucket}' could not be emptied${andDelete ? ' and deleted, and is left behind; its stack is gone. Delete it by hand' : ''}: ${describeCause(error)}`,
          )
        }
      }),
    )
  } finally {
    s3.destroy()
  }
}

/** Uploads that were never completed need no care: they go with the bucket. */
async function emptyBucket(s3: S3Client, Bucket: string): Promise<void> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    const Objects = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]))
    if (Objects.length === 0) continue
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
    const [first] = Errors
    if (first)
      throw new Error(
        `${objectUrl({ bucket: Bucket, key: first.Key ?? '' })} could not be deleted: ${first.Code} ${first.Message}`,
      )
  }
}
