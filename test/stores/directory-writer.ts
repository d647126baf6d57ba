// Writes objects until it is killed; says so after the first few. Run by directory-objects.test.ts.

import { directoryObjects } from '../../src/stores/directory-objects.ts'

// Nobody left to kill us.
process.on('disconnect', () => process.exit())

const store = directoryObjects(process.argv[2] ?? '')
for (let i = 0; ; i++) {
  const body = new Uint8Array(1_000_000).fill(i)
  // Names come again, so that the kill may meet an object being replaced.
  const ref = { bucket: 'b', key: `T/part-${i % 5}` }
  if (i % 2 === 0) await store.put(ref, body)
  else await store.complete(await store.stage(ref, body))
  if (i === 7) process.send?.('writing')
}
