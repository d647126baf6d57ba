// What must hold when a stateful job has come to rest.

import { CLOSE_STAGE, planJob, SOURCE_STAGE } from '../../src/plan/plan.ts'
import { decode } from '../../src/state/codec.ts'
import { entryPlace } from '../../src/state/task-log.ts'
import { jobOf } from './job-of.ts'
import { seededRandom } from './random.ts'
import type { Scenario } from './scenario.ts'
import type { Simulation } from './simulation.ts'
import { count, statefulExpected } from './stateful-expected.ts'
import { type StatefulKind, WINDOW } from './stateful-jobs.ts'

/** By output and batch time the lines, sorted; an empty list when there is only the `_SUCCESS`. */
export type Published = ReadonlyMap<string, ReadonlyMap<number, readonly string[]>>

export function published(objects: ReadonlyMap<string, string>): { outputs: Published; unfinished: string[] } {
  const outputs = new Map<string, Map<number, string[]>>()
  const unfinished: string[] = []
  for (const [key, body] of objects) {
    const [, name = '', time, part] = /^(.*)-(\d+)\/(.*)$/.exec(key) ?? []
    const output = outputs.get(name) ?? new Map<number, string[]>()
    outputs.set(name, output)
    const lines = output.get(Number(time)) ?? []
    if (part !== '_SUCCESS') lines.push(...body.split('\n').filter((line) => line !== ''))
    output.set(Number(time), lines.map(withoutBallast).sort())
    const success = `${name}-${time}/_SUCCESS`
    if (!objects.has(success)) unfinished.push(success)
  }
  const sorted = [...outputs].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    outputs: new Map(sorted.map(([name, output]) => [name, new Map([...output].sort(([a], [b]) => a - b))])),
    unfinished,
  }
}

/** `exact`: whether contents per T are promised to be the records' alone. */
export async function checkStatefulAtRest(
  scenario: Scenario,
  kind: StatefulKind,
  { world, partitions }: Simulation,
  exact: boolean,
): Promise<void> {
  const { monitor } = world
  const { outputs, unfinished } = published(await world.results())
  const records = partitions.map((partition) => partition.records)
  if (unfinished.length > 0) monitor.violation(`rest without ${unfinished}`)
  if (exact) {
    for (const [name, wanted] of statefulExpected(kind, records)) {
      const actual = [...(outputs.get(name) ?? [])].filter(([, lines]) => lines.length > 0)
      compare(`${name} by T (I2)`, actual, [...wanted])
    }
  }
  checkTotals()
  await checkRest()

  function compare(what: string, actual: unknown, wanted: unknown): void {
    const [a, w] = [JSON.stringify(actual), JSON.stringify(wanted)]
    if (a !== w) monitor.violation(`${what}: ${a} instead of ${w}`)
  }

  /** What holds however records fell into batches: nothing is counted twice or never (I1). */
  function checkTotals(): void {
    const words = count(
      records.flatMap((some) => some.map(({ value }) => Buffer.from(value ?? '', 'base64').toString())),
    )
    const found = outputs.get(kind) ?? new Map<number, readonly string[]>()
    const all = [...found.values()].flat().map((line) => line.split(' '))
    const sums = new Map<string, number>()
    for (const [word = '', n] of all) sums.set(word, (sums.get(word) ?? 0) + Number(n))
    const total = [...words.values()].reduce((a, b) => a + b, 0)
    const times = (factor: number): unknown => [...words].map(([word, n]) => [word, n * factor]).sort()
    switch (kind) {
      case 'counts':
      case 'groups':
        compare('totals (I1)', [...sums].sort(), times(1))
        break
      case 'window':
      case 'inverse':
        compare('totals (I1)', [...sums].sort(), times(WINDOW))
        break
      case 'windowCount':
        compare('totals (I1)', sums.get('all'), total * WINDOW)
        break
      case 'updateState':
      case 'heavy': {
        const last = [...found.values()].at(-1)?.map((line) => line.split(' ')) ?? []
        compare('the last state (I1)', last.map(([word, n]) => [word, Number(n)]).sort(), times(1))
        break
      }
      case 'mapState': {
        const counted = all.map(([word, n]) => `${word} ${n}`).sort()
        const wanted = [...words].flatMap(([word, n]) => Array.from({ length: n }, (_, i) => `${word} ${i + 1}`))
        compare('running counts (I1)', counted, wanted.sort())
        break
      }
      case 'chain':
        compare(
          'totals (I1)',
          all.reduce((sum, [n, many]) => sum + Number(n) * Number(many), 0),
          total,
        )
        break
      case 'windowChain': {
        const last = [...found.values()].at(-1)?.map((line) => Number(line.split(' ')[1])) ?? []
        compare(
          'the last state (I1)',
          last.reduce((a, b) => a + b, 0),
          total * WINDOW,
        )
        break
      }
      case 'timeoutChain':
        compare('what has timed out (I1)', [...sums].sort(), times(-1))
        break
      case 'timeout': {
        const gone = all.filter(([, n]) => Number(n) < 0).reduce((sum, [, n]) => sum - Number(n), 0)
        compare('what has timed out (I1)', gone, total)
        break
      }
    }
  }

  async function checkRest(): Promise<void> {
    if (world.wakeUps.length > 0) monitor.violation('wake-ups are left')
    const { stages } = planJob(jobOf(kind, scenario.options, seededRandom(0)))
    const tasks = [
      ...partitions.map(({ name }) => ({ stage: SOURCE_STAGE, task: name })),
      { stage: CLOSE_STAGE, task: '0' },
      ...stages.flatMap(({ id, numPartitions }) =>
        Array.from({ length: numPartitions }, (_, bucket) => ({ stage: id, task: String(bucket) })),
      ),
    ]
    for (const { stage, task } of tasks) {
      const ref = { job: 'simulated', stage, task }
      const head = await world.rawTable.head(ref)
      const { value } = head ? decode('head', head.body, entryPlace(ref, head.version)) : { value: { kind: 'missing' } }
      const kindOf = (value as { kind: string }).kind
      // A bucket that nothing has fallen into has its birth, which does not expire either.
      const sealed = kindOf === 'seal' || (kindOf === 'birth' && stage !== SOURCE_STAGE)
      if (!sealed || head?.expiresAt !== undefined)
        monitor.violation(`${stage} ${task} is not sealed at rest: ${kindOf}`)
    }
  }
}

/** A line's name and numbers. */
function withoutBallast(line: string): string {
  return line.length < 100 ? line : line.split(' ').slice(0, 2).join(' ')
}
