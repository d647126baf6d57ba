// print() in Spark's layout, to the letter. Source: `DStream.print` of org.apache.spark.streaming.dstream.DStream and
// `Time.toString` of org.apache.spark.streaming.Time.

import { describe, expect, it } from 'vitest'
import { type Job, job, seconds, text } from '../../src/index.ts'
import { driven, type Records, records } from '../support/driven.ts'

function printing(count?: number): Job {
  return job('printing', { batch: seconds(1) }, ({ kafka }) => {
    kafka('lines', { value: text() })
      .filter(({ value }) => value !== '')
      .map(({ value, offset }) => [value, offset] as const)
      .print(count)
  })
}

/** What is printed for one event after the other. */
async function printed(count: number | undefined, ...events: readonly Records[][]): Promise<string[]> {
  const words = driven(printing(count))
  for (const event of events) await words.deliver(...event)
  await words.rest()
  return words.environment.printed
}

const RULE = '-'.repeat(43)

const letters = (count: number): string[] => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i))

describe('print', () => {
  it('is laid out as Spark lays it out; the environment adds the empty line at the end', async () => {
    expect(await printed(undefined, [records('lines-0', ['a', 'b'])])).toEqual([
      `-------------------------------------------
Time: 1000 ms
-------------------------------------------
(a,0)
(b,1)
`,
    ])
  })

  it('ends in ... when there are more than ten elements', async () => {
    const event = (count: number) => [records('lines-0', letters(count), { step: 10 })]
    const [eleven = ''] = await printed(undefined, event(11))
    expect(eleven.split('\n').slice(3)).toEqual([...letters(10).map((letter, i) => `(${letter},${i})`), '...', ''])
    const [ten = ''] = await printed(undefined, event(10))
    expect(ten.split('\n').slice(3)).toEqual([...letters(10).map((letter, i) => `(${letter},${i})`), ''])
  })

  it('takes the number of elements as an argument, 0 too', async () => {
    const event = [records('lines-0', ['a', 'b', 'c'])]
    expect((await printed(2, event))[0]?.split('\n').slice(3)).toEqual(['(a,0)', '(b,1)', '...', ''])
    expect((await printed(0, event))[0]?.split('\n').slice(3)).toEqual(['...', ''])
    expect((await printed(3, event))[0]?.split('\n').slice(3)).toEqual(['(a,0)', '(b,1)', '(c,2)', ''])
  })

  it('comes once per batch, in the order of time, of all partitions together in their order', async () => {
    const texts = await printed(
      undefined,
      [records('lines-10', ['x']), records('lines-2', ['c'], { at: 1500 })],
      [records('lines-9', ['y', 'z']), records('lines-10', ['w'], { at: 200 })],
    )
    expect(texts.map((shown) => shown.split('\n').filter((line) => !line.startsWith('-')))).toEqual([
      ['Time: 1000 ms', '(y,0)', '(z,1)', '(x,0)', '(w,1)', ''],
      ['Time: 2000 ms', '(c,0)', ''],
    ])
  })

  // Found by the simulator: counts, seed 12.
  it('shows no empty batch when another instance has done and sealed it meanwhile', async () => {
    const counts = job('printing', { batch: 1000, numPartitions: 2, idleAfter: 1000 }, ({ kafka }) => {
      const words = kafka('lines', { value: text() }).map(({ value }) => [value, 1] as const)
      words.reduceByKey((a, b) => a + b).print()
    })
    let fails = true
    const first = driven(counts, {
      start: 2000,
      table: (table) => ({
        append: async (task, item) => {
          const bucket = task.stage !== 'source' && task.stage !== 'close'
          if (bucket && fails) throw new Error('unreachable')
          return table.append(task, item)
        },
      }),
    })
    await first.deliver(records('lines-0', ['a']))
    first.later('2s')
    await expect(first.wake()).rejects.toThrow('unreachable') // the batch is closed, but not done
    fails = false

    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let waits: (() => void) | undefined
    const waiting = new Promise<void>((resolve) => {
      waits = resolve
    })
    const late = first.another({
      table: (table) => ({
        read: async (task, options) => {
          if (task.stage === 'source' && options.consistent) {
            waits?.()
            await gate
          }
          return table.read(task, options)
        },
      }),
    })
    const done = late.wake()
    await waiting
    await first.wake()
    release()
    await done
    expect(new Set(first.environment.printed.map((shown) => shown.split('\n').slice(3).join()))).toEqual(
      new Set(['(a,1),']),
    )
  })

  it('names job, output and stream in the line with the time where a job prints several', async () => {
    const several = job('several', { batch: seconds(1) }, ({ kafka }) => {
      const words = kafka('lines', { value: text() }).map(({ value }) => value)
      words.print()
      words.count().print()
      words.countByValue({ id: 'by-word' }).printTable()
    })
    const words = driven(several)
    await words.deliver(records('lines-0', ['a', 'a']))
    await words.rest()
    expect(words.environment.printed.map((shown) => shown.split('\n').slice(1).join('\n'))).toEqual([
      `Time: 1000 ms (several, print-0: lines.map)\n${RULE}\na\na\n`,
      `Time: 1000 ms (several, print-1: fold(lines))\n${RULE}\n2\n`,
      `Batch: 1 (several, print-2: by-word)\n${RULE}\n+---+---+\n| _1| _2|\n+---+---+\n|  a|  2|\n+---+---+\n`,
    ])
  })

  it('shows a batch whose elements were all filtered out as empty', async () => {
    const [shown = ''] = await printed(undefined, [records('lines-0', [''])])
    expect(shown.split('\n')).toHaveLength(4)
  })
})
