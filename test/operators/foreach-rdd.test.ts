import { expect, it } from 'vitest'
import { Cells } from '../../src/operators/cells.ts'
import { foreachRDD } from '../../src/operators/foreach-rdd.ts'
import { stop } from '../../src/operators/operator.ts'

it('keeps nothing of a batch that is done, and all of one that waits', () => {
  const { operator } = foreachRDD(() => {}, { id: 'told' })
  if (operator.runs !== 'on batches') throw new Error('foreachRDD runs on batches')
  const cells = new Cells(operator.kind)
  const who = { owns: () => true, batchId: String, inputs: [undefined], readers: [] }
  const running = operator.create({ ...who, cells, aside: stop, tooLate: () => {}, combined: false, slide: 1000 })
  for (const time of [1000, 2000]) {
    const read = { topic: 'lines', partition: 0, fromOffset: time, untilOffset: time + 1 }
    running.run({ time, offsetRanges: [[read]] }, [[`at ${time}`]])
    running.waiting?.tried(time, { attempts: 1, from: 0, by: 'me' })
  }
  const kept = () => [...cells.all()].map(([cell]) => JSON.stringify(cell)).sort()
  expect(kept()).toHaveLength(6)
  running.waiting?.done(1000)
  expect(running.waiting?.elements()).toEqual(['at 2000'])
  expect(kept()).toHaveLength(3)
  running.waiting?.done(2000)
  expect(kept()).toEqual([])
})
