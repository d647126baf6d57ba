// What print and printTable put on standard output, byte for byte: what Spark's calls of println do. Source: `DStream.print` of
// org.apache.spark.streaming.dstream, `ConsoleWriter.printRows` of org.apache.spark.sql.execution.streaming.sources, `Dataset.show`.

import { afterEach, expect, it, vi } from 'vitest'
import { environmentFromVariables } from '../../src/lambda/environment.ts'
import { printed } from '../../src/sinks/console.ts'
import type { Sink } from '../../src/sinks/sink.ts'
import { printedTable } from '../../src/sinks/table.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const RULE = '-------------------------------------------'

/** What Scala's println writes, call by call. */
const println = (...calls: readonly string[]): string => calls.map((text) => `${text}\n`).join('')

/** What stands on standard output when a batch of these elements is complete at T = 2000. */
function bytesOf(sink: Sink, elements: readonly unknown[]): string {
  const { print } = environmentFromVariables({
    MILLRACE_TABLE: 't',
    MILLRACE_BUCKET: 'b',
    MILLRACE_WAKE: 'watched',
    AWS_REGION: 'x',
  })
  let bytes = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    bytes += String(chunk)
    return true
  })
  const { lines = [] } = sink.promise(elements, { output: 'print-0', time: 2000, part: 'part-0' })
  for (const effect of sink.complete(2000, () => lines)) if (effect.kind === 'print') print(effect.text)
  return bytes
}

it.each([
  [['a', 'b'], 2, ['a', 'b']],
  [['a', 'b', 'c'], 2, ['a', 'b', '...']],
  [[['to', 2]], 10, ['(to,2)']],
  [[], 10, []],
])('print of %j with %i', (elements, count, shown) => {
  expect(bytesOf(printed(count), elements)).toBe(println(RULE, 'Time: 2000 ms', RULE, ...shown, ''))
})

it('printTable: the string of the table, and the end of its own line', () => {
  const table = ['+---+---+', '| _1| _2|', '+---+---+', '| to|  2|', '+---+---+']
  expect(bytesOf(printedTable(1000, 20), [['to', 2]])).toBe(println(RULE, 'Batch: 2', RULE, println(...table)))
  const cut = println(...table, 'only showing top 1 row')
  expect(
    bytesOf(printedTable(1000, 1), [
      ['to', 2],
      ['be', 1],
    ]),
  ).toBe(println(RULE, 'Batch: 2', RULE, cut))
})

it('has no carriage return, with which a log viewer ends a line and a terminal writes over it', () => {
  const elements = ['a\rb', 'c\r\n', ['\r', { d: '\r' }]]
  expect(bytesOf(printed(10), elements)).not.toContain('\r')
  vi.restoreAllMocks()
  expect(bytesOf(printedTable(1000, 10), elements)).not.toContain('\r')
})
