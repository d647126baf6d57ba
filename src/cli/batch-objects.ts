// Where `millrace batch` writes: where the job says, or below --out.

import { join, resolve } from 'node:path'
import { InvalidOptionError } from '../errors/errors.ts'
import type { JobDefinition } from '../graph/job.ts'
import { objectsOf } from '../lambda/environment.ts'
import { type Published, runObjects } from '../local/bounded/run-objects.ts'
import { bucketOfUrl, type ObjectRef, ownKindOf, refOfUrl } from '../names/objects.ts'
import { directoryObjects } from '../stores/directory-objects.ts'
import type { ObjectStore } from '../stores/object-store.ts'

interface Flags {
  readonly out?: string
  readonly replace?: boolean
}

interface Target {
  readonly store: ObjectStore
  readonly placeOf: (ref: ObjectRef) => ObjectRef
  /** For people. */
  readonly where: string
}

export interface BatchObjects {
  readonly store: ObjectStore
  /** Of what is Millrace's own. */
  readonly bucket: string
  readonly where: string
}

const OWN_BUCKET = 'millrace-state'

export function batchObjects(
  job: JobDefinition,
  { out, replace = false }: Flags,
  folder: string,
  onPublished: (batch: Published) => void,
): BatchObjects {
  const { store, placeOf, where } = targetOf(out)
  const places = job.outputs.flatMap(({ sink }) => sink.places.map((place) => ({ ...place, read: sink.read })))
  return {
    bucket: process.env.MILLRACE_BUCKET ?? OWN_BUCKET,
    where,
    store: runObjects({
      holding: directoryObjects(join(folder, 'objects')),
      target: store,
      placeOf,
      places,
      replace,
      onPublished,
    }),
  }
}

function targetOf(out: string | undefined): Target {
  if (out === undefined) {
    return { store: objectsOf(process.env), where: 'where the job says', placeOf: knownBucket }
  }
  if (!out.startsWith('s3://')) {
    return { store: directoryObjects(resolve(out)), where: `below ${out}`, placeOf: (ref) => ref }
  }
  const bucket = bucketOfUrl(out) ?? refOfUrl(out)?.bucket
  if (bucket === undefined)
    throw new InvalidOptionError(`--out ${out} is no place of objects: write s3://bucket/prefix.`)
  const prefix = (refOfUrl(out)?.key ?? '').replace(/\/+$/, '')
  const below = prefix === '' ? '' : `${prefix}/`
  return {
    store: objectsOf(process.env),
    where: `below ${out}`,
    placeOf: (ref) => ({ bucket, key: `${below}${ref.bucket}/${ref.key}` }),
  }
}

/** What is set aside goes where the job's own bucket is, and nobody has said which that is. */
function knownBucket(ref: ObjectRef): ObjectRef {
  if (ref.bucket !== OWN_BUCKET || ownKindOf(ref.key) === undefined || process.env.MILLRACE_BUCKET) return ref
  throw new InvalidOptionError(
    'Records are to be set aside (quarantine), and nobody has said where: set MILLRACE_BUCKET to the bucket of the job, or pass --out.',
  )
}
