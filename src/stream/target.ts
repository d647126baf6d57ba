// Targets of outputs: `s3://bucket/prefix`, checked when the job is defined.

import { InvalidOptionError } from '../errors/errors.ts'

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

/**
 * Whether two targets would write to the same objects at some batch times: the same prefix and suffix, or a prefix that
 * looks like a batch of the other (`a` with suffix `x-5`, and `a-1000.x`).
 */
export function sameObjects(a: Target, b: Target): boolean {
  if (a.bucket !== b.bucket) return false
  if (a.prefix === b.prefix) return a.suffix === b.suffix
  return continues(a, b) || continues(b, a)
}

/** Whether `longer` is `shorter` with a time, and what its suffix starts with. */
function continues(shorter: Target, longer: Target): boolean {
  if (shorter.suffix === undefined || !longer.prefix.startsWith(`${shorter.prefix}-`)) return false
  const rest = /^\d+\.(.*)$/s.exec(longer.prefix.slice(shorter.prefix.length + 1))?.[1]
  if (rest === undefined || !shorter.suffix.startsWith(`${rest}-`)) return false
  const time = shorter.suffix.slice(rest.length + 1)
  const end = longer.suffix === undefined ? '' : `.${longer.suffix}`
  return time.endsWith(end) && /^\d+$/.test(time.slice(0, time.length - end.length))
}
