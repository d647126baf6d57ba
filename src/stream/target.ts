// Targets of outputs: `s3://bucket/prefix`, checked when the job is defined.

import { InvalidOptionError } from '../errors.ts'

export interface Target {
  readonly bucket: string
  readonly prefix: string
  readonly suffix: string | undefined
}

/** Spill, staging and quarantine live below it; no output may. */
export const RESERVED_PREFIX = '_millrace/'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/** @throws InvalidOptionError when it is not an S3 address, or one that Millrace keeps for itself. */
export function parseTarget(operator: string, target: string, suffix?: string): Target {
  const match = /^s3:\/\/([^/]*)\/(.+)$/.exec(target)
  const [bucket, prefix] = [match?.[1], match?.[2]]
  if (bucket === undefined || prefix === undefined) {
    throw new InvalidOptionError(
      `${operator}: '${target}' is not an address of objects. Write s3://bucket/prefix; in development a directory stands for the bucket.`,
    )
  }
  if (!BUCKET.test(bucket)) {
    throw new InvalidOptionError(
      `${operator}: '${bucket}' in '${target}' is not a bucket name (3 to 63 of a-z, 0-9, '-' and '.').`,
    )
  }
  if (prefix.startsWith(RESERVED_PREFIX)) {
    throw new InvalidOptionError(
      `${operator}: '${target}' is below ${RESERVED_PREFIX}, which Millrace keeps for itself.`,
    )
  }
  if (suffix?.includes('/')) throw new InvalidOptionError(`${operator}: the suffix '${suffix}' must not contain '/'.`)
  return { bucket, prefix: prefix.replace(/\/+$/, ''), suffix: suffix === '' ? undefined : suffix }
}
