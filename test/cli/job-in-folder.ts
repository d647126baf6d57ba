// A folder in which a job has run, for commands that look at it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { job, text } from '../../src/index.ts'
import { lambda } from '../../src/lambda/index.ts'
import { embedded } from '../../src/local/embedded.ts'
import { folderCluster } from '../../src/local/topics/folder-cluster.ts'
import { memoryEnvironment } from '../../src/testing/memory-environment.ts'
import { kafkaEvent, lines } from '../support/kafka-events.ts'

const START = 1_700_000_000_000

export interface JobInFolder {
  /** The parent, which is the test's. */
  readonly folder: string
  /** What `--dir` takes. */
  readonly dir: string
  remove(): Promise<void>
}

/** The job `counts`, which keeps `totals`, has read three records of the topic `lines`; its folder has a topic `lines` too. */
export async function jobInFolder(): Promise<JobInFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  const dir = join(folder, '.millrace')
  const { table, objects, variables, stop } = embedded(dir)
  const counts = job('counts', { batch: '1s', numPartitions: 2 }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .map(({ value }) => [value, 1] as const)
      .updateStateByKey((ones: readonly number[], n: number | undefined) => (n ?? 0) + ones.length, { id: 'totals' })
      .saveAsTextFiles('s3://results/counts')
  })
  const bucket = variables.MILLRACE_BUCKET ?? ''
  const handler = lambda(counts, { environment: { ...memoryEnvironment(START), table, objects, bucket } })
  await handler(kafkaEvent({ 'lines-0': lines(['a', 'b'], { at: START - 10_000 }) }))
  await handler(kafkaEvent({ 'lines-0': lines(['c'], { from: 2, at: START - 5000 }) }))
  await stop()
  const cluster = await folderCluster(dir)
  await cluster.create('lines', { partitions: 2 })
  await cluster.close()
  return { folder, dir, remove: () => rm(folder, { recursive: true, force: true }) }
}
