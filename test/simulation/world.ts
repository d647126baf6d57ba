// What simulated processes share: the services, the clock, wake-ups under way, and the monitor that watches every write.

import { type MemoryObjects, memoryObjects } from '../../src/state/memory-objects.ts'
import { type MemoryTable, memoryTable } from '../../src/state/memory-table.ts'
import type { ObjectStore } from '../../src/state/object-store.ts'
import type { StateTable } from '../../src/state/table.ts'
import type { Faults } from './faults.ts'
import { Monitor } from './monitor.ts'
import type { Random } from './random.ts'

export class World {
  now: number
  readonly faults: Faults
  readonly monitor = new Monitor()
  /** Wake-ups that are armed and not handled yet. */
  readonly wakeUps: { readonly at: number }[] = []
  readonly printed: string[] = []
  readonly rawTable: MemoryTable
  readonly rawObjects: MemoryObjects = memoryObjects()
  /** The services as processes reach them, watched. */
  readonly table: StateTable
  readonly objects: ObjectStore

  constructor(random: Random, faults: Faults, start: number, stale: boolean) {
    this.now = start
    this.faults = faults
    this.rawTable = memoryTable({
      staleBy: () => (stale && random.chance(0.3) ? random.int(0, 3) : 0),
    })
    this.table = this.monitor.watchTable(this.rawTable, this.rawObjects)
    this.objects = this.monitor.watchObjects(this.rawObjects)
  }

  arm(at: number): void {
    this.wakeUps.push({ at })
  }

  /** The result objects, by key. */
  async results(): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    for await (const { key } of this.rawObjects.list('results', '')) {
      found.set(key, new TextDecoder().decode(await this.rawObjects.get({ bucket: 'results', key })))
    }
    return found
  }
}
