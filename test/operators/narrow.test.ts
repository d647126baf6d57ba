import { describe, expect, it } from 'vitest'
import { type DStream, type JobContext, job, json } from '../../src/index.ts'
import { runProgram } from '../../src/programs/program.ts'
import { planned } from '../support/definition.ts'
import { eventRecord } from '../support/kafka-events.ts'

/** What a stream built on numbers gives for these numbers, as one micro-batch. */
async function run(
  numbers: readonly number[],
  build: (numbers: DStream<number>) => DStream<unknown>,
): Promise<unknown[]> {
  const define = ({ kafka }: JobContext): void =>
    build(kafka('numbers', { value: json<number>() }).map(({ value }) => value)).print()
  const program = planned(job('operators', { batch: 1000 }, define)).programs.get('numbers')
  if (!program) throw new Error('no program')
  const records = numbers.map((value, offset) => eventRecord('numbers', 0, { offset, timestamp: 0, value: `${value}` }))
  const slots = await runProgram(program, records)
  return [...(slots[program.outputs[0]?.slot ?? -1] ?? [])]
}

/** A promise and how to keep it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe('narrow operators', () => {
  it.each<[string, (numbers: DStream<number>) => DStream<unknown>, unknown[]]>([
    ['map', (s) => s.map((n) => n * 2), [2, 4, 6]],
    ['filter', (s) => s.filter((n) => n !== 2), [1, 3]],
    ['flatMap to more and to none', (s) => s.flatMap((n) => Array.from({ length: n - 1 }, () => n)), [2, 3, 3]],
    ['flatMap to any iterable', (s) => s.flatMap((n) => new Set([n, n])), [1, 2, 3]],
    ['flatMap to characters', (s) => s.flatMap((n) => `${n}!`), ['1', '!', '2', '!', '3', '!']],
    ['mapPartitions', (s) => s.mapPartitions((all) => [[...all].length]), [3]],
    [
      'mapPartitions lazily',
      (s) =>
        s.mapPartitions(function* (all) {
          for (const n of all) yield n + 1
        }),
      [2, 3, 4],
    ],
    ['mapAsync', (s) => s.mapAsync(async (n) => n + 1), [2, 3, 4]],
    ['union with itself', (s) => s.union(s), [1, 2, 3, 1, 2, 3]],
    [
      'union of several',
      (s) =>
        s.union(
          s.map((n) => -n),
          s.filter(() => false),
        ),
      [1, 2, 3, -1, -2, -3],
    ],
    [
      'a chain',
      (s) =>
        s
          .map((n) => n + 1)
          .mapAsync(async (n) => n * 10)
          .filter((n) => n > 20),
      [30, 40],
    ],
  ])('%s', async (_, build, expected) => {
    expect(await run([1, 2, 3], build)).toEqual(expected)
    expect(await run([], build)).toEqual(expected.length === 1 ? [0] : []) // mapPartitions runs on nothing, too
  })

  it('call functions with the element alone', async () => {
    const seen: unknown[][] = []
    const note = (...args: unknown[]): boolean => seen.push(args) > 0
    await run([7], (s) => s.filter((...args) => note(...args)).map((...args) => note(...args)))
    expect(seen).toEqual([[7], [7]])
  })

  it('do not change what others read', async () => {
    const reversed = await run([1, 2, 3], (s) => s.union(s.mapPartitions((all) => [...all].reverse())))
    expect(reversed).toEqual([1, 2, 3, 3, 2, 1])
  })

  it('throw what user code throws', async () => {
    const boom = (): never => {
      throw new RangeError('boom')
    }
    await expect(run([1], (s) => s.map(boom))).rejects.toThrow(RangeError)
    await expect(run([1], (s) => s.mapAsync(async () => boom()))).rejects.toThrow(RangeError)
  })
})

describe('mapAsync', () => {
  it('keeps the order of the elements, whichever call ends first', async () => {
    const gates = [gate(), gate(), gate()]
    const running = run([0, 1, 2], (s) =>
      s.mapAsync(async (n) => {
        await gates[n]?.opened
        gates[n - 1]?.open() // the last opens the one before it
        return n
      }),
    )
    gates[2]?.open()
    expect(await running).toEqual([0, 1, 2])
  })

  it.each([1, 3, 8])('has at most %i calls under way, and uses them', async (concurrency) => {
    let [underWay, most] = [0, 0]
    const numbers = Array.from({ length: 20 }, (_, i) => i)
    await run(numbers, (s) =>
      s.mapAsync(
        async (n) => {
          most = Math.max(most, ++underWay)
          for (let turn = 0; turn < 5; turn++) await undefined
          underWay--
          return n
        },
        { concurrency },
      ),
    )
    expect([most, underWay]).toEqual([concurrency, 0])
  })

  it('begins no call after one has failed, and leaves none under way behind', async () => {
    let [begun, ended] = [0, 0]
    const failing = run(
      Array.from({ length: 50 }, (_, i) => i),
      (s) =>
        s.mapAsync(
          async (n) => {
            begun++
            if (n === 1) throw new Error('second')
            for (let turn = 0; turn < 20; turn++) await undefined
            ended++
          },
          { concurrency: 4 },
        ),
    )
    await expect(failing).rejects.toThrow('second')
    expect([begun, ended]).toEqual([4, 3])
  })
})
