// What the doctor finds out of credentials, clock, table, bucket and queue: all that a job needs of AWS but its function.

import { randomUUID } from 'node:crypto'
import { OWN_PREFIX, SPILLED } from '../../names/objects.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { TTL_ATTRIBUTE } from '../../stores/table-definition.ts'
import type { Aws } from './aws.ts'
import { type Finding, failed, looked, ok, skipped } from './check.ts'

/** A signature is refused when the clock is off by 5 minutes; timestamps of records are believed up to `clockSkew`, 1 minute. */
const SKEW_MS = 60_000

export async function checkCredentials(aws: Aws): Promise<readonly Finding[]> {
  const region = await looked(
    'region',
    async () => ok('region', await aws.region()),
    'Set AWS_REGION, or a region in the profile of ~/.aws/config (AWS_PROFILE).',
  )
  const credentials = await looked(
    'credentials',
    async () =>
      ok('credentials', `key ${await aws.credentials()}${aws.endpoint === undefined ? '' : `, for ${aws.endpoint}`}`),
    'Log in (`aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; an emulator takes any.',
  )
  return [...region, ...credentials]
}

/** After a request has been answered. */
export function checkClock(aws: Aws): Finding {
  const skew = aws.skew()
  if (skew === undefined) return skipped('clock', 'no answer of AWS says what time it is')
  const off = `${Math.abs(skew / 1000).toFixed(1)} s ${skew < 0 ? 'ahead of' : 'behind'} that of AWS`
  if (Math.abs(skew) < SKEW_MS) return ok('clock', `this one is ${off}`)
  return failed(
    'clock',
    `this one is ${off}`,
    'Set it by NTP (`timedatectl set-ntp true`): AWS refuses signatures that are 5 minutes off.',
  )
}

export async function checkTable(aws: Aws, table: string | undefined): Promise<readonly Finding[]> {
  if (!table)
    return [
      failed(
        'table',
        'nobody has named it',
        'Pass --table, or set MILLRACE_TABLE: `millrace/serverless` calls it <service>-<stage>-millrace.',
      ),
    ]
  const name = `table ${table}`
  return looked(
    name,
    async () => {
      const { status, keys, ttl, pointInTimeRecovery } = await aws.table(table)
      const usable = status === 'ACTIVE' || status === 'UPDATING'
      const wanted = ['pk HASH S', 'sk RANGE S']
      return [
        usable ? ok(name, 'it is there') : failed(name, `it is ${status}`, 'Wait until it is ACTIVE.'),
        keys.join() === wanted.join()
          ? ok(`${name}, keys`, 'pk and sk')
          : failed(
              `${name}, keys`,
              `${keys.join(', ') || 'none'}; Millrace needs ${wanted.join(', ')}`,
              'It is a table for something else: name another, or have the plugin make one.',
            ),
        ttl === TTL_ATTRIBUTE
          ? ok(`${name}, TTL`, `by ${ttl}`)
          : failed(
              `${name}, TTL`,
              ttl === undefined
                ? 'it is off: log entries stay for ever and cost'
                : `it goes by ${ttl}, not ${TTL_ATTRIBUTE}`,
              `Switch it on: aws dynamodb update-time-to-live --table-name ${table} --time-to-live-specification Enabled=true,AttributeName=${TTL_ATTRIBUTE}`,
            ),
        pointInTimeRecovery
          ? ok(`${name}, point-in-time recovery`, 'on')
          : failed(
              `${name}, point-in-time recovery`,
              'it is off: a table that is deleted or damaged cannot be brought back',
              `Switch it on: aws dynamodb update-continuous-backups --table-name ${table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
            ),
      ]
    },
    'Deploy first (`serverless deploy`), or check --table, AWS_REGION, AWS_ENDPOINT_URL and the permission dynamodb:DescribeTable.',
  )
}

export async function checkBucket(
  aws: Aws | undefined,
  objects: ObjectStore,
  bucket: string | undefined,
): Promise<readonly Finding[]> {
  if (!bucket)
    return [
      failed(
        'bucket',
        'nobody has named it',
        'Pass --bucket, or set MILLRACE_BUCKET: `millrace/serverless` calls it <service>-<stage>-millrace-<account>-<region>.',
      ),
    ]
  const name = `bucket ${bucket}`
  const there = aws
    ? await looked(
        name,
        async () => {
          await aws.bucketExists(bucket)
          return ok(name, 'it is there')
        },
        "Deploy first (`serverless deploy`), or check --bucket, AWS_REGION and AWS_ENDPOINT_URL. NotFound: it is not there; Forbidden: it is somebody else's, or s3:ListBucket is missing.",
      )
    : []
  if (there.some(({ status }) => status === 'failed')) return there
  const written = await looked(
    `${name}, writing`,
    () => probe(objects, bucket, `${name}, writing`),
    `Allow s3:PutObject, s3:GetObject and s3:DeleteObject on ${bucket}/${OWN_PREFIX}*.`,
  )
  return [...there, ...written, ...(aws ? await checkLifecycle(aws, bucket, `${name}, lifecycle`) : [])]
}

/** Written, read and removed again. */
async function probe(objects: ObjectStore, bucket: string, check: string): Promise<Finding> {
  const ref = { bucket, key: `${OWN_PREFIX}doctor/${randomUUID()}` }
  const body = new TextEncoder().encode('millrace doctor')
  await objects.put(ref, body)
  try {
    const read = await objects.get(ref)
    if (!read || Buffer.compare(read, body) !== 0)
      return failed(
        check,
        'what was written does not come back',
        'Look whether something answers in the place of the store (a proxy, a wrong endpoint).',
      )
  } finally {
    await objects.delete(ref)
  }
  return ok(check, `a probe below ${OWN_PREFIX} was written, read and removed`)
}

function checkLifecycle(aws: Aws, bucket: string, check: string): Promise<readonly Finding[]> {
  return looked(
    check,
    async () => {
      const rules = await aws.lifecycle(bucket)
      const covers = (prefix: string): boolean => SPILLED.startsWith(prefix) || prefix.startsWith(SPILLED)
      const dangerous = rules.find(({ expires, prefix }) => expires && OWN_PREFIX.startsWith(prefix))
      if (dangerous)
        return failed(
          check,
          `rule '${dangerous.id}' expires everything below '${dangerous.prefix}', snapshots of state included`,
          `Limit it to other prefixes: what is below ${OWN_PREFIX} is the job's state.`,
        )
      const lacks = [
        ...(rules.some(({ expires, prefix }) => expires && covers(prefix))
          ? []
          : [`nothing expires what is spilled (${SPILLED})`]),
        ...(rules.some(({ abortsUploads }) => abortsUploads)
          ? []
          : ['nothing aborts uploads that are never completed']),
      ]
      if (lacks.length === 0) return ok(check, rules.map(({ id }) => id).join(', '))
      return failed(
        check,
        lacks.join('; '),
        'Deploy with the plugin, which sets both rules; otherwise storage grows, and nothing else.',
      )
    },
    'Allow s3:GetLifecycleConfiguration, or look at the rules by hand.',
  )
}

export async function checkQueue(aws: Aws, url: string | undefined): Promise<readonly Finding[]> {
  if (!url) return [skipped('queue', 'MILLRACE_WAKE_QUEUE_URL is not set here, nor in the function')]
  return looked(
    'queue',
    async () => {
      const { waiting } = await aws.queue(url)
      return ok('queue', `${url}, ${waiting} messages wait`)
    },
    'Deploy first, or check MILLRACE_WAKE_QUEUE_URL and the permission sqs:GetQueueAttributes. Without it windows close only when records come.',
  )
}
