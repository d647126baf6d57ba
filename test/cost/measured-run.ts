// What a job really costs, counted where it leaves for the stores in memory: the units and requests of so many seconds of a steady
// feed. Predictions are held to it.

import { writeUnits } from '../../src/cost/units.ts'
import type { Job } from '../../src/index.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import type { StateTable } from '../../src/stores/table.ts'
import { itemBytes } from '../../src/stores/table-keys.ts'
import { countingObjects, countingTable } from '../../src/testing/counting-table.ts'
import { driven, records } from '../support/driven.ts'

export interface Feed {
  /** Records a second, of all partitions. */
  readonly rate: number
  readonly partitions: number
  /** Seconds between two events, each of which has records of all partitions. */
  readonly window: number
  readonly topic?: string
  value(n: number): string
}

export interface Counted {
  invocations: number
  logEntries: number
  writeUnits: number
  logBytes: number
  reads: number
  puts: number
  gets: number
  wakeUps: number
  /** Where its state is, to be looked at. */
  places: { table: StateTable; objects: ObjectStore; bucket: string }
  /** Bytes of objects. */
  objectBytes: number
}

/** Warm: what the first `warmUp` seconds cost is not in it. */
export async function countedRun(job: Job, feed: Feed, seconds: number, warmUp = 20): Promise<Counted> {
  const { topic = 'lines', partitions, rate, window } = feed
  const world = driven(job, { partitions: { [topic]: partitions } })
  const counted: Omit<Counted, 'places'> = {
    invocations: 0,
    logEntries: 0,
    writeUnits: 0,
    logBytes: 0,
    reads: 0,
    puts: 0,
    gets: 0,
    wakeUps: 0,
    objectBytes: 0,
  }
  const table = countingTable({
    ...world.environment.table,
    append: (task, item) => {
      counted.logEntries++
      counted.writeUnits += writeUnits(itemBytes(task, item.body))
      counted.logBytes += itemBytes(task, item.body)
      return world.environment.table.append(task, item)
    },
  })
  const objects = countingObjects(world.environment.objects)
  const instance = world.another({ table: () => table.table, objects: () => objects.store })
  const zero = { ...counted }
  let armed = 0
  let n = 0
  const perEvent = Math.round((rate * window) / partitions)
  for (let second = 0; second < warmUp + seconds; second += window) {
    if (second >= warmUp && second - window < warmUp) {
      Object.assign(counted, zero)
      table.reset()
      objects.reset()
      armed = world.environment.armed.length
    }
    const at = (second + window / 2) * 1000 // so that some events lie around the end of a batch
    await instance.deliver(
      ...Array.from({ length: partitions }, (_, partition) =>
        records(
          `${topic}-${partition}`,
          Array.from({ length: perEvent }, () => feed.value(n++)),
          { at, step: (window * 1000) / perEvent },
        ),
      ),
    )
    counted.invocations++
    instance.later(`${window}s`)
  }
  const others = table.counts.writes - counted.logEntries
  return {
    ...counted,
    writeUnits: counted.writeUnits + others,
    reads: table.counts.reads,
    puts: objects.counts.writes + objects.counts.lists,
    gets: objects.counts.reads,
    wakeUps: world.environment.armed.length - armed,
    objectBytes: objects.counts.bytesWritten,
    places: { table: world.environment.table, objects: world.environment.objects, bucket: 'state' },
  }
}
