// At the end of some runs something is lost for good: a topic was deleted and made again, or the log of a task is gone. Going
// on as if nothing had happened would lose records or count them twice, so an error has to say so (I7).

import type { KafkaEventRecord } from '../../sources/kafka/event.ts'
import { kafkaEventOf, type Partition } from './event-source.ts'
import { splitName } from './monitored-logs.ts'
import type { Random } from './random.ts'
import type { Simulation } from './simulation.ts'

/** Wake-ups after which somebody must have noticed. */
const PATIENCE = 30

/**
 * The topic of a partition is made again: offsets begin at 0.
 *
 * @param old with records that are as old as the first that there were, or older; else they are younger than any before
 */
export async function remakeTopic(simulation: Simulation, random: Random, old: boolean): Promise<void> {
  const { world, partitions } = simulation
  const partition = random.pick(partitions)
  const [first, last] = [partition.records[0], partition.records.at(-1)]
  if (!first || !last) return
  const youngest = Math.max(...partition.records.map(({ timestamp }) => timestamp))
  const other = partition.records.find(({ value }) => value !== first.value)
  const oldest = other && random.chance(0.5) ? first.timestamp : first.timestamp - random.int(1, 1_000_000)
  const records = Array.from({ length: random.int(1, Math.min(10, last.offset + 3)) }, (_, offset) => ({
    ...(old && other ? other : last),
    offset,
    timestamp: (old ? oldest : youngest + 1) + offset,
  }))
  world.coverage.path('a topic made again')
  world.trace?.tell(`The topic of ${partition.name} is deleted and made again.`)
  world.expected = new Set(['TOPIC_RECREATED'])
  await simulation.invoke(kafkaEventOf({ [partition.name]: records }), random)
  if (world.noticed.length === 0) world.monitor.violation(`nobody notices that ${partition.name} was made again (I7)`)
}

/** All entries of a log are gone, and so are all processes; then records come that touch every task. */
export async function loseLog(simulation: Simulation, random: Random): Promise<void> {
  const { world, partitions } = simulation
  const stages = simulation.stages()
  const name = random.pick([...world.monitor.logs.heads.keys()].filter((one) => stages.has(splitName(one)[0])))
  const [stage, task] = splitName(name)
  for (let version = world.monitor.logs.heads.get(name)?.version ?? 0; version > 0; version--)
    world.rawTable.deleteVersion({ job: world.job.name, stage, task }, version)
  simulation.killAll()
  world.coverage.path('a log lost')
  world.trace?.tell(`The log of ${name} is lost, and all processes end.`)
  world.expected = new Set(['LOG_LOST', 'LOG_GAP'])
  const events = Object.fromEntries(
    partitions.flatMap((partition) => one(partition, world.now, world.job.settings.batch)),
  )
  await simulation.invoke(kafkaEventOf(events), random)
  for (let patience = PATIENCE; patience > 0 && world.noticed.length === 0 && world.wakeUps.length > 0; patience--)
    await simulation.wakeNext(random)
  if (world.noticed.length === 0) world.monitor.violation(`nobody notices that the log of ${name} is lost (I7)`)
}

/** One more record of a partition, which opens a batch of its own. */
function one(partition: Partition, now: number, batch: number): [name: string, records: KafkaEventRecord[]][] {
  const last = partition.records.at(-1)
  if (!last) return []
  const record = { ...last, offset: last.offset + 1, timestamp: Math.max(now, last.timestamp) + 2 * batch }
  partition.records.push(record)
  partition.produced++
  return [[partition.name, [record]]]
}
