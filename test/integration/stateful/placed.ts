// Under which batch each line belongs: by its timestamp, unless its partition was silent for so long that it was moved on, as it
// may be on a machine that is very busy (I2). The logs say where that happened.

import { dynamoTable } from '../../../src/stores/dynamo-table.ts'
import { EMULATED } from '../../contract/dynalite.ts'
import { batchTimes } from '../../soak/topic.ts'
import type { Stage } from '../exactly-once/stage.ts'
import { readMovedOn } from '../silent-partitions.ts'

/** The batch time of each line; line i is in partition i modulo their number. */
export async function placeLines(
  run: Stage,
  endpoint: string,
  lines: readonly { readonly timestamp: number }[],
  batch: number,
): Promise<number[]> {
  const table = dynamoTable({ table: run.table, endpoint, ...EMULATED })
  const times: number[] = []
  for (const { topic, partition } of run.partitions) {
    const movedOn = await readMovedOn(
      { table, objects: run.objects, bucket: run.bucket, job: run.job },
      `${topic}-${partition}`,
    )
    const mine = lines.flatMap(({ timestamp }, index) =>
      index % run.partitions.length === partition ? [{ index, timestamp }] : [],
    )
    const records = mine.map(({ timestamp }, offset) => ({ offset, timestamp }))
    for (const [i, time] of batchTimes(records, movedOn, batch).entries()) times[mine[i]?.index ?? 0] = time
  }
  table.close()
  return times
}
