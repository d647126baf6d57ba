// What must hold when a job has come to rest: I1, I2 where the scenario promises it, and that rest is rest.

import { CLOSE_STAGE, SOURCE_STAGE } from '../../src/plan/plan.ts'
import { decode } from '../../src/state/codec.ts'
import { entryPlace } from '../../src/state/task-log.ts'
import { expectedContents, nameOf, publishedContents } from './expected.ts'
import { POISON } from './jobs.ts'
import { BATCH, type Scenario } from './scenario.ts'
import type { Simulation } from './simulation.ts'

/** `exact`: whether contents per T are promised to be the records' alone. */
export async function checkAtRest(
  scenario: Scenario,
  { world, partitions }: Simulation,
  exact: boolean,
): Promise<void> {
  const { monitor } = world
  const objects = await world.results()
  const { contents, closed } = publishedContents(objects, 'all')

  const records = partitions.flatMap((partition) => partition.records)
  const names = records.map(nameOf)
  const poison = scenario.kind === 'poison' ? names.filter((name) => name.startsWith(POISON)) : []
  const good = names.filter((name) => !poison.includes(name))
  compare('records in the output (I1)', [...contents.values()].flat().sort(), [...good].sort())
  compare('quarantined records (I1)', (await quarantined(world)).sort(), [...poison].sort())
  compare('closed batch times', closed, [...contents.keys()])

  const expected = expectedContents(
    partitions.map((partition) => partition.records),
    BATCH,
  )
  if (exact) {
    const published = [...expected].map(([time, all]) => [time, all.filter((name) => !poison.includes(name))] as const)
    compare(
      'contents by T (I2)',
      [...contents],
      published.filter(([, all]) => all.length > 0),
    )
  }
  if (scenario.pace === 'old') checkNeverEarly(contents, expected)
  if (scenario.kind === 'plain') checkOtherOutputs()
  await checkRest()

  function compare(what: string, actual: readonly unknown[], wanted: readonly unknown[]): void {
    const [a, w] = [JSON.stringify(actual), JSON.stringify(wanted)]
    if (a !== w) monitor.violation(`${what}: ${a} instead of ${w}`)
  }

  function checkNeverEarly(actual: ReadonlyMap<number, readonly string[]>, earliest: typeof expected): void {
    const soonest = new Map([...earliest].flatMap(([time, all]) => all.map((name) => [name, time])))
    for (const [time, all] of actual) {
      for (const name of all) {
        if (time < (soonest.get(name) ?? 0)) monitor.violation(`${name} stands under ${time}, before its time`)
      }
    }
  }

  function checkOtherOutputs(): void {
    const tens = publishedContents(objects, 'tens')
    const wanted = [...contents].map(([time, all]) => [time, all.filter((name) => name.endsWith('0'))] as const)
    const actual = [...tens.contents].map(([time, all]) => [time, all.map((name) => JSON.parse(name))])
    compare(
      'the second output',
      actual,
      wanted.filter(([, all]) => all.length > 0),
    )
    compare('closed batch times of the second output', tens.closed, closed)
    const printed = [...new Set(world.printed)].map((text) => Number(/Time: (\d+) ms/.exec(text)?.[1]))
    compare(
      'what was printed',
      printed.sort((a, b) => a - b),
      closed,
    )
  }

  async function checkRest(): Promise<void> {
    if (world.wakeUps.length > 0) monitor.violation('wake-ups are left')
    const tasks = partitions.map(({ name }) => ({ job: 'simulated', stage: SOURCE_STAGE, task: name }))
    for (const task of [...tasks, { job: 'simulated', stage: CLOSE_STAGE, task: '0' }]) {
      const head = await world.rawTable.head(task)
      const { value } = head
        ? decode('head', head.body, entryPlace(task, head.version))
        : { value: { kind: 'missing' } }
      const kind = (value as { kind: string }).kind
      if (kind !== 'seal' || head?.expiresAt !== undefined)
        monitor.violation(`${task.stage} ${task.task} is not sealed at rest: ${kind}`)
    }
  }
}

async function quarantined(world: Simulation['world']): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of world.rawObjects.list('state', '_millrace/quarantine/')) {
    const body = Buffer.from((await world.rawObjects.get({ bucket: 'state', key })) ?? []).toString()
    for (const line of body.split('\n').filter((l) => l !== '')) {
      found.push(Buffer.from((JSON.parse(line) as { value: string }).value, 'base64').toString())
    }
  }
  return found
}
