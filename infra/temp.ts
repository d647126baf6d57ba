// Temp folders that do not outlive this process, unless the guardian lets go of them.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guard, release } from './guardian.ts'

export async function makeTempFolder(purpose: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `millrace-${purpose}-`))
  guard('folder', folder)
  return folder
}

export async function removeTempFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  release('folder', folder)
}
