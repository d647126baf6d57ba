// Before the stack is touched: buckets that jobs write to and that somebody else makes. One that is missing would be found out by
// the function, before its first commit; here it costs a minute less, and no deployment.

import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import { describeCause, MillraceError } from '../errors/errors.ts'
import type { StateFacts } from './state-check.ts'

/** What whoever deploys could find out of one bucket. */
type Found = 'there' | 'missing' | { readonly unknown: string }

/**
 * @returns a warning for each bucket that could not be looked at.
 * @throws MillraceError BUCKET_MISSING naming every missing bucket and the jobs that write to it.
 */
export async function checkBuckets(jobs: readonly Pick<StateFacts, 'job' | 'buckets'>[], s3: S3Client) {
  const names = [...new Set(jobs.flatMap(({ buckets = [] }) => buckets))]
  const found = await Promise.all(names.map(async (name) => [name, await look(s3, name)] as const))
  const missing = found.flatMap(([name, what]) => (what === 'missing' ? [describe(name, jobs)] : []))
  if (missing.length > 0) {
    throw new MillraceError(
      'BUCKET_MISSING',
      `Nothing was deployed: ${missing.join('; ')}. With custom.millrace.buckets: external the buckets of outputs must be there: create them, ` +
        'correct the address in the job, or let this stack make them (buckets: managed).',
    )
  }
  return found.flatMap(([name, what]) =>
    typeof what === 'object'
      ? [
          `It could not be seen whether ${describe(name, jobs).replace(' does not exist', ' exists')} (${what.unknown}).`,
        ]
      : [],
  )
}

function describe(bucket: string, jobs: readonly Pick<StateFacts, 'job' | 'buckets'>[]): string {
  const writers = jobs.filter(({ buckets }) => buckets?.includes(bucket)).map(({ job }) => job)
  return `the bucket '${bucket}' of job ${writers.join(', ')} does not exist`
}

async function look(s3: S3Client, Bucket: string): Promise<Found> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket }))
    return 'there'
  } catch (error) {
    // The answer has no body, so the status is all that there is. 301: it is there, in another region.
    const status =
      error instanceof Error && '$metadata' in error ? Reflect.get(Object(error.$metadata), 'httpStatusCode') : 0
    if (status === 404) return 'missing'
    if (status === 403)
      return { unknown: 'access is denied: the role of this deployment may not, or it is of another account' }
    return { unknown: describeCause(error) }
  }
}
