// Stops what `infra/up.ts` has left running, and nothing else:
//
//     node infra/down.ts                what was started without a name
//     node infra/down.ts --name big     what was started under that name
//     node infra/down.ts --all          all of it
//
// A process is stopped only if it is the very one that was started, which its pid alone would not tell.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withLock } from './cache.ts'
import { stopContainers } from './docker.ts'
import { stopProcess } from './process.ts'
import { checkName, type Running, readRecord, recordedNames, recordFolder, writeRecord } from './record.ts'

export async function stopRecorded({ processes, folders, containers }: Running): Promise<void> {
  await Promise.all(processes.map((ref) => stopProcess(ref)))
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  if (containers !== undefined) await stopContainers(containers)
}

/** Stops all that is recorded under a name; says what, a line each. */
async function down(name: string): Promise<void> {
  const running = await readRecord(name)
  for (const [i, one] of running.entries()) {
    await stopRecorded(one)
    await writeRecord(name, running.slice(i + 1))
    console.log(JSON.stringify({ stopped: one.service, name, pids: one.processes.map(({ pid }) => pid) }))
  }
  if (running.length === 0) console.error(`Nothing runs under the name ${name}`)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { name: { type: 'string', default: 'default' }, all: { type: 'boolean', default: false } },
  })
  for (const name of values.all ? await recordedNames() : [checkName(values.name)]) {
    await withLock(join(recordFolder(), name), () => down(name))
  }
}
