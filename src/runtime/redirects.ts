// Promises to a wrong place: an output whose bucket does not exist, or may not be written to, after commits have promised objects
// there. They would be tried for ever. A row per bucket says what is to become of them instead; it is read only when publishing fails so.

import { ServiceError } from '../errors/errors.ts'
import { StagedElsewhereError } from '../errors/object-errors.ts'
import { ServiceForbiddenError, ServiceMissingError } from '../errors/service-errors.ts'
import { REDIRECTS } from '../names/rows.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from '../stores/object-store.ts'
import type { JobRows } from '../stores/table.ts'
import type { Environment } from './environment.ts'

/** Where objects that were promised for a bucket go: to another bucket under the same keys, or nowhere. */
export type Redirect = { readonly to: string } | 'dropped'

export async function redirectOf(table: JobRows, job: string, bucket: string): Promise<Redirect | undefined> {
  const row = await table.getRow(job, REDIRECTS.of(bucket))
  if (!row) return undefined
  return typeof row.data.to === 'string' ? { to: row.data.to } : 'dropped'
}

export async function setRedirect(table: JobRows, job: string, bucket: string, redirect: Redirect): Promise<void> {
  const before = await table.getRow(job, REDIRECTS.of(bucket))
  const to = redirect === 'dropped' ? null : redirect.to
  await table.putRow(job, REDIRECTS.of(bucket), { rev: (before?.rev ?? 0) + 1, data: { to } })
}

/** A store that publishes what cannot get to its bucket as the job's rows say. */
export function redirecting(job: string, { objects, table, log }: Environment): ObjectStore {
  /** @param instead what to do with the same key in another bucket; undefined when it is to be dropped. */
  const tried = async <T>(ref: ObjectRef, run: () => Promise<T>, instead: (to: string | undefined) => Promise<T>) => {
    try {
      return await run()
    } catch (error) {
      if (!isWrongPlace(error)) throw error
      const redirect = await redirectOf(table, job, ref.bucket)
      if (!redirect) throw withRemedy(error, job, ref.bucket)
      const to = redirect === 'dropped' ? undefined : redirect.to
      log.warn(
        { object: objectUrl(ref), to: to ?? null },
        'a promised object cannot get to its bucket, and goes where the job was told',
      )
      return instead(to)
    }
  }
  return {
    ...objects,
    put: (ref, body, options) =>
      tried(
        ref,
        () => objects.put(ref, body, options),
        async (bucket) => (bucket === undefined ? undefined : objects.put({ ...ref, bucket }, body, options)),
      ),
    exists: (ref) =>
      tried(
        ref,
        () => objects.exists(ref),
        async (bucket) => bucket === undefined || objects.exists({ ...ref, bucket }),
      ),
    complete: (staged) =>
      tried(
        staged.ref,
        () => objects.complete(staged),
        async (bucket) => {
          if (bucket !== undefined) throw new StagedElsewhereError(job, staged.ref, staged.bytes)
        },
      ),
  }
}

function isWrongPlace(error: unknown): error is ServiceError {
  return error instanceof ServiceError && (error.code === 'BUCKET_MISSING' || error.code === 'BUCKET_FORBIDDEN')
}

function withRemedy(error: ServiceError, job: string, bucket: string): ServiceError {
  const message =
    `${error.message} If this is the wrong place for the output: mend the job and deploy it, and say what is to become of what has been promised to it: ` +
    `npx millrace outbox redirect '${job}' --from s3://${bucket} --to s3://another, or npx millrace outbox drop '${job}' --from s3://${bucket}.`
  const kind = error.code === 'BUCKET_MISSING' ? ServiceMissingError : ServiceForbiddenError
  return new kind(error.code, error.service, error.operation, message, error.facts, error)
}
