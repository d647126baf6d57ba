// Targets of outputs: `s3://bucket/prefix`, checked when the job is defined.

import { InvalidOptionError } from '../../errors/errors.ts'
import { OWN_PREFIX, refOfUrl } from '../../names/objects.ts'
import type { FilesPlace } from '../../names/outputs.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/** @throws InvalidOptionError when it is not an S3 address, or one that Millrace keeps for itself. */
export function parseTarget(operator: string, target: string, suffix?: string): FilesPlace {
  const ref = refOfUrl(target)
  if (!ref) {
    throw new InvalidOptionError(
      `${operator}: '${target}' is not an address of objects. Write s3://bucket/prefix; in development a directory stands for the bucket.`,
    )
  }
  const { bucket, key: prefix } = ref
  if (!BUCKET.test(bucket)) {
    throw new InvalidOptionError(
      `${operator}: '${bucket}' in '${target}' is not a bucket name (3 to 63 of a-z, 0-9, '-' and '.').`,
    )
  }
  if (prefix.startsWith(OWN_PREFIX)) {
    throw new InvalidOptionError(`${operator}: '${target}' is below ${OWN_PREFIX}, which Millrace keeps for itself.`)
  }
  if (suffix?.includes('/')) throw new InvalidOptionError(`${operator}: the suffix '${suffix}' must not contain '/'.`)
  if (!prefix.isWellFormed() || suffix?.isWellFormed() === false) {
    throw new InvalidOptionError(`${operator}: '${target}' contains half of a surrogate pair, which has no UTF-8.`)
  }
  const trimmed = prefix.replace(/\/+$/, '')
  if (trimmed === '') {
    throw new InvalidOptionError(`${operator}: '${target}' has no prefix. Write s3://bucket/prefix.`)
  }
  if (trimmed.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new InvalidOptionError(
      `${operator}: '${target}' has a segment '.' or '..', which S3's clients resolve or refuse. Write the prefix that is meant.`,
    )
  }
  return { bucket, prefix: trimmed, suffix: suffix === '' ? undefined : suffix }
}
