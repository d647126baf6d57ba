// How far a job is in the partitions of its topics: what it has committed, and what there is.

import { partitionName } from '../../names/tasks.ts'
import type { DevJob } from './job.ts'
import type { DevServices } from './services.ts'

export interface Standing {
  readonly partition: string
  /** The offset that it has to commit next. */
  readonly next: number
  readonly end: number
}

export async function standingOf({ topics }: DevServices, job: DevJob): Promise<Standing[]> {
  const positions = await job.tail.positions()
  const found: Standing[] = []
  for (const topic of job.topics) {
    for (const [index, end] of (await topics.ends(topic)).entries()) {
      const partition = partitionName(topic, index)
      found.push({ partition, next: Number(positions.get(partition)?.next ?? 0), end })
    }
  }
  return found
}
