// CloudFormation deletes no bucket that holds something. With `onRemove: delete` the buckets that this stack has made (and no
// others, whatever the jobs name today) are emptied first.

import { DeleteObjectsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { objectUrl } from '../names/objects.ts'
import { BUCKET, outputBucketId } from './deployment.ts'
import type { AwsProvider } from './framework.ts'
import { standInsOf } from './pseudo-parameters.ts'

/** Empties the buckets of the deployed stack that are this plugin's, and returns their names. */
export async function emptyBuckets(provider: AwsProvider): Promise<string[]> {
  const resources = await provider.getStackResources()
  const buckets = resources.flatMap(({ ResourceType, LogicalResourceId, PhysicalResourceId: name }) => {
    if (ResourceType !== 'AWS::S3::Bucket' || name === undefined) return []
    return LogicalResourceId === BUCKET || standInsOf(name).some((known) => LogicalResourceId === outputBucketId(known))
      ? [name]
      : []
  })
  if (buckets.length === 0) return []
  const s3 = new S3Client({
    ...(await provider.getAwsSdkV3Config()),
    // Emulators have one host name for all buckets.
    ...(process.env.AWS_ENDPOINT_URL && { forcePathStyle: true }),
  })
  try {
    await Promise.all(buckets.map((bucket) => emptyBucket(s3, bucket)))
  } finally {
    s3.destroy()
  }
  return buckets
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
