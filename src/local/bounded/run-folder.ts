// The folder of one run: its log and what it holds. It goes with the run, and what a killed one has left goes with the next.

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StateTable } from '../../stores/table.ts'
import { diskTable } from './disk-table.ts'

export interface RunFolder {
  readonly id: string
  readonly path: string
  readonly table: StateTable
  close(): Promise<void>
}

const NAME = /^millrace-batch-(.+)-(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export async function runFolder(parent = tmpdir()): Promise<RunFolder> {
  await sweep(parent)
  const id = randomUUID()
  const path = join(parent, `millrace-batch-${hostname()}-${process.pid}-${id}`)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const table = diskTable(path)
  return {
    id,
    path,
    table,
    async close() {
      table.close()
      await rm(path, { recursive: true, force: true })
    },
  }
}

async function sweep(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  for (const name of names) {
    const [, host, pid] = NAME.exec(name) ?? []
    // Somebody else's may not be deleted, and need not.
    if (host === hostname() && !isAlive(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
