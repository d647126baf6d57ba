// What a folder is called as a consumer group of a cluster.

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { identityOf } from '../../../src/local/dev/services.ts'

it('gives a folder one identity, and leaves nothing beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-services-'))
  try {
    const id = identityOf(folder)
    expect(id).toMatch(/^[0-9a-f]{8}$/)
    expect(identityOf(folder)).toBe(id)
    expect(await readdir(join(folder, 'dev'))).toEqual(['id'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
