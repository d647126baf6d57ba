// A job with every kind of state that has run, come to rest and left its logs and snapshots; and what a new instance makes
// of them when one is replaced.

import { job, type State, StateSpec, seconds, text } from '../src/index.ts'
import { lambda } from '../src/lambda/index.ts'
import { wakeUpMessage } from '../src/lambda/sqs-waker.ts'
import { decode, FORMAT, stamp } from '../src/log/codec.ts'
import { entryPlace, logKey } from '../src/names/table-keys.ts'
import type { TaskRef } from '../src/names/tasks.ts'
import type { ObjectRef } from '../src/stores/object-store.ts'
import type { JobRow, LogItem, StateTable } from '../src/stores/table.ts'
import { memoryEnvironment } from '../src/testing/memory-environment.ts'

const words = job('words', { batch: seconds(1), numPartitions: 1 }, ({ kafka }) => {
  const pairs = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
  const counted = StateSpec.function((key: string, one: number | undefined, state: State<number>) => {
    if (!state.isTimingOut()) state.update((state.getOption() ?? 0) + (one ?? 0))
    return [key, state.getOption() ?? 0] as const
  }).timeout('30s')
  pairs.mapWithState(counted).saveAsTextFiles('s3://results/mapped')
  pairs
    .updateStateByKey((ones: readonly number[], n: number | undefined) => Number(n ?? 0) + ones.length)
    .saveAsTextFiles('s3://results/updated')
  pairs
    .window('3s', '1s')
    .reduceByKey((a, b) => a + b)
    .saveAsTextFiles('s3://results/windowed')
  pairs
    .reduceByKeyAndWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      '3s',
      '1s',
    )
    .saveAsTextFiles('s3://results/inverse')
  pairs.count().print()
})

/** What a job has left behind. */
interface History {
  readonly items: readonly { readonly task: TaskRef; readonly item: LogItem }[]
  readonly rows: ReadonlyMap<string, JobRow>
  readonly objects: readonly { readonly ref: ObjectRef; readonly body: Uint8Array }[]
  readonly now: number
}

/** A log entry or a snapshot, and what it says. */
export interface Stored {
  readonly history: History
  readonly place: string
  readonly value: unknown
}

const START = 1_000_000_000_000

function event(offset: number, time: number): unknown {
  const value = Buffer.from(offset % 2 === 0 ? 'even' : 'odd').toString('base64')
  const record = { topic: 'lines', partition: 0, offset, timestamp: time, timestampType: 'CREATE_TIME', value }
  return { eventSource: 'SelfManagedKafka', records: { 'lines-0': [record] } }
}

const wakeUp = (at: number): unknown => ({ Records: [{ eventSource: 'aws:sqs', body: wakeUpMessage('words', at) }] })

/** @param rest whether the job has come to rest: logs end in seals then, which stand on snapshots. */
async function live(rest: boolean): Promise<History> {
  const environment = memoryEnvironment(START)
  const items = new Map<string, History['items'][number]>()
  const table: StateTable = {
    ...environment.table,
    append(task, item) {
      items.set(entryPlace(task, item.version), { task, item: { ...item, body: Uint8Array.from(item.body) } })
      return environment.table.append(task, item)
    },
  }
  const handler = lambda(words, { environment: { ...environment, table } })
  for (let offset = 0; offset < 3; offset++) await handler(event(offset, START + offset * 1000))
  while (rest && environment.armed.length > 0) {
    const at = environment.armed.shift() ?? 0
    environment.setTime(Math.max(environment.clock.now(), at))
    await handler(wakeUp(at))
  }
  const objects: { ref: ObjectRef; body: Uint8Array }[] = []
  for (const bucket of ['state', 'results']) {
    for await (const { key } of environment.objects.list(bucket, '')) {
      const ref = { bucket, key }
      objects.push({ ref, body: (await environment.objects.get(ref)) ?? new Uint8Array() })
    }
  }
  const rows = await environment.table.listRows('words', '')
  return { items: [...items.values()], rows, objects, now: environment.clock.now() + 60_000 }
}

/** Heads of all logs, and all snapshots, of a job that is at work and of one at rest. */
export async function stored(): Promise<{ heads: Stored[]; snapshots: Stored[] }> {
  const histories = [await live(false), await live(true)]
  const heads = histories.flatMap((history) => {
    const last = new Map(history.items.map(({ task, item }) => [logKey(task), { task, item }]))
    return [...last.values()].map(({ task, item }): Stored => {
      const place = entryPlace(task, item.version)
      return { history, place, value: decode('a head', item.body, place).value }
    })
  })
  const snapshots = histories.flatMap((history) =>
    history.objects
      .filter(({ ref }) => ref.key.startsWith('_millrace/snapshots/'))
      .map(({ ref, body }): Stored => ({ history, place: ref.key, value: decode('it', body, ref.key).value })),
  )
  return { heads, snapshots }
}

/** What a new instance does when `packed` stands where `what` was, valid in everything but what it says. */
export async function goOn({ history, place }: Stored, packed: Uint8Array): Promise<void> {
  const bytes = stamp(Buffer.concat([Buffer.from([0x4d, FORMAT, 0, 0, 0, 0, 0]), packed]), place)
  const environment = memoryEnvironment(history.now)
  const { table, objects } = environment
  for (const { task, item } of history.items) {
    const here = entryPlace(task, item.version) === place
    await table.append(task, here ? { ...item, body: bytes } : item)
  }
  for (const { ref, body } of history.objects) await objects.put(ref, ref.key === place ? bytes : body)
  for (const [name, row] of history.rows) await table.putRow('words', name, row)
  const handler = lambda(words, { environment })
  await handler(event(3, history.now))
  await handler(event(4, history.now + 2000))
  await handler(wakeUp(history.now))
}
