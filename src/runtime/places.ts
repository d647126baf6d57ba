// Whether what a job will promise can be written, said before anything is promised: an upload is begun at every place and thrown
// away. No reader sees it, and it needs what publishing needs, which asking whether a bucket exists does not.

import { batchFolder, probeKey } from '../names/outputs.ts'
import type { Plan } from '../plan/plan.ts'
import type { ObjectRef } from '../stores/object-store.ts'
import type { Environment } from './environment.ts'

/**
 * Once for new code.
 *
 * @throws ServiceMissingError BUCKET_MISSING, ServiceForbiddenError BUCKET_FORBIDDEN, and what else the store says.
 */
export async function checkPlaces({ job, outputs }: Plan, { objects }: Environment): Promise<void> {
  const written = outputs.flatMap(({ node }) =>
    node.sink.places.map((place) => ({ bucket: place.bucket, key: probeKey(batchFolder(place, 0)) })),
  )
  const { quarantine } = job.settings
  const aside = quarantine ? [{ bucket: quarantine.bucket, key: probeKey(quarantine.prefix) }] : []
  await Promise.all(
    [...written, ...aside].map(async (ref: ObjectRef) => objects.abort(await objects.stage(ref, new Uint8Array()))),
  )
}
