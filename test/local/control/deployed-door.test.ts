// A deployed job stopped and started by its mappings: Lambda's API in memory, with states that take their time, and the job's own handler.

import { describe, expect, it } from 'vitest'
import { job, text } from '../../../src/index.ts'
import { drainMessage } from '../../../src/lambda/sqs-waker.ts'
import { DeployedDoor } from '../../../src/local/control/deployed-door.ts'
import type { Door, Standing } from '../../../src/local/control/door.ts'
import { LambdaCalls, type Mapping } from '../../../src/local/control/lambda-calls.ts'
import { type Driven, driven, records } from '../../support/driven.ts'

const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/000000000000/words-wake'
const words = job('words', { batch: '1s' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .map(({ value }) => [value, 1] as const)
    .reduceByKeyAndWindow((a, b) => a + b, '5s', '5s')
    .saveAsTextFiles('s3://results/words')
})

/** Each change of a mapping takes two looks, as it takes AWS some time. */
class Fake extends LambdaCalls {
  readonly calls: string[] = []
  readonly states = new Map([
    ['lines', 'Enabled'],
    ['words-wake', 'Enabled'],
  ])
  variables: Record<string, string> = { MILLRACE_WAKE_QUEUE_URL: QUEUE, KEPT: 'as it is' }
  readonly #driven: Driven

  constructor(job: Driven) {
    super(Object.create(null), 'words-function')
    this.#driven = job
  }

  override async function() {
    return { timeout: 60, variables: this.variables, revision: 'r1', changing: false }
  }

  override async mappings(queueUrl: string | undefined): Promise<Mapping[]> {
    const found = [...this.states].map(([reads, state]) => ({
      uuid: reads,
      state,
      reads,
      wakes: reads === queueUrl?.split('/').at(-1),
    }))
    for (const [name, state] of this.states)
      if (state.endsWith('ing')) this.states.set(name, state === 'Enabling' ? 'Enabled' : 'Disabled')
    return found
  }

  override async enable({ uuid, state }: Mapping, on: boolean): Promise<void> {
    if (state.endsWith('ing')) throw new Error('ResourceInUseException')
    this.calls.push(`${on ? 'enable' : 'disable'} ${uuid}`)
    this.states.set(uuid, on ? 'Enabling' : 'Disabling')
  }

  override async setVariables(
    variables: Readonly<Record<string, string>>,
    revision: string | undefined,
  ): Promise<void> {
    this.calls.push(`set ${revision}`)
    this.variables = { ...variables }
  }

  override async wake(): Promise<void> {
    this.calls.push('wake')
  }

  override async drain(name: string): Promise<string | undefined> {
    this.calls.push('drain')
    await this.#driven.handler({ Records: [{ eventSource: 'aws:sqs', body: drainMessage(name) }] })
    return undefined
  }
}

function deployed() {
  const one = driven(words, { start: 1500 })
  const lambda = new Fake(one)
  const { table, objects, bucket } = one.environment
  const door = new DeployedDoor('words', { table, objects, bucket }, lambda, 10)
  return { one, lambda, door }
}

async function untilOver(door: Door): Promise<Standing[]> {
  const seen: Standing[] = []
  for (let i = 0; i < 500; i++) {
    const standing = await door.look()
    seen.push(standing)
    if (standing.over) return seen
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`it is not over: ${seen.at(-1)?.phase}`)
}
const NONE = { parameters: new Map<string, string>(), keep: true }

describe('a deployed job', () => {
  it('is paused by its own mappings, and its wake-ups go on', async () => {
    const { lambda, door } = deployed()
    await door.pause()
    const seen = await untilOver(door)
    expect(seen[0]).toMatchObject({ over: false, phase: 'disabling lines (Enabled)', application: 'words-0001' })
    expect([...lambda.states.values()]).toEqual(['Disabled', 'Enabled'])
    await door.resume()
    await untilOver(door)
    expect(lambda.calls).toEqual(['disable lines', 'enable lines', 'wake'])
  })

  it('is drained when nothing is under way, by itself, and its wake-ups end last', async () => {
    const { one, lambda, door } = deployed()
    await one.deliver(records('lines-0', ['a', 'a'], { at: 500 }))
    await door.stop(true)
    const seen = await untilOver(door)
    expect(lambda.calls).toEqual(['disable lines', 'drain', 'disable words-wake'])
    expect(seen.at(-1)).toMatchObject({ phase: 'drained and stopped: nothing waits', drainedUntil: 11_000 })
    expect(await one.text()).toContain('(a,2)')
    await one.again()
    expect(await one.text()).not.toContain('(a,4)')
  })

  it('goes on with the next step when the command was ended in between', async () => {
    const { one, lambda, door } = deployed()
    await door.stop(false)
    await door.look()
    const { table, objects, bucket } = one.environment
    const again = new DeployedDoor('words', { table, objects, bucket }, lambda, 10)
    await again.stop(false)
    await untilOver(again)
    expect([...lambda.states.values()]).toEqual(['Disabled', 'Disabled'])
  })

  it('starts with parameters before it takes records in, beside those that the deployment has set', async () => {
    const { lambda, door } = deployed()
    await door.stop(false)
    await untilOver(door)
    await door.start({ parameters: new Map([['GREETING', 'hello']]), keep: true })
    const seen = await untilOver(door)
    expect(lambda.calls.slice(2)).toEqual(['set r1', 'enable words-wake', 'enable lines', 'wake'])
    expect(lambda.variables).toEqual({ MILLRACE_WAKE_QUEUE_URL: QUEUE, KEPT: 'as it is', GREETING: 'hello' })
    expect(seen.at(-1)).toMatchObject({ application: 'words-0002', wanted: 'running' })
  })

  it('refuses parameters of a published version', async () => {
    const { one } = deployed()
    const { table, objects, bucket } = one.environment
    const lambda = new LambdaCalls(Object.create(null), 'words-function:live')
    const door = new DeployedDoor('words', { table, objects, bucket }, lambda, 10)
    await expect(door.start({ parameters: new Map([['A', 'b']]), keep: true })).rejects.toThrow('deploy it with them')
    await door.start(NONE)
  })
})
