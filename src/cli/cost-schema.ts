// The schema of what `millrace cost --json` prints.

import { ITEMS } from '../cost/prices.ts'
import { integer, type JsonSchema, list, number, object, text } from './json-output.ts'

const NUMBER = number()
const ITEM: JsonSchema = { type: 'string', enum: ITEMS }

const LOAD = object(
  {
    rate: number('records a second'),
    size: number('bytes of a value'),
    region: text(),
    architecture: { type: 'string', enum: ['arm64', 'x86_64'] },
    memory: integer('MB'),
    partitions: integer(),
    window: number('seconds'),
    batchSize: integer(),
    keys: integer(),
    keep: NUMBER,
    value: NUMBER,
    compressed: NUMBER,
  },
  { pollers: integer('provisioned') },
)

const PER_SECOND = object({
  invocations: NUMBER,
  duration: number('milliseconds of one'),
  concurrency: number('invocations at the same time'),
  commits: NUMBER,
  writeUnits: NUMBER,
  readUnits: NUMBER,
  puts: NUMBER,
  gets: NUMBER,
  wakeUps: NUMBER,
  logBytes: NUMBER,
  objectBytes: NUMBER,
  unitsOfOneLog: NUMBER,
})

const ALTERNATIVE = object(
  {
    name: text(),
    dollars: NUMBER,
    insteadOf: number('dollars of ours that it takes the place of'),
    note: text(),
    assumed: list(ITEM),
  },
  { breakEven: number('records a second from which on it is cheaper; absent: at none') },
)

const MEASURED = object({
  job: text(),
  from: integer('milliseconds since 1970'),
  until: integer('milliseconds since 1970'),
  records: NUMBER,
  commits: NUMBER,
  writeUnits: NUMBER,
  logBytes: NUMBER,
  puts: NUMBER,
  objectBytes: NUMBER,
  tasks: integer(),
  unitsOfOneLog: NUMBER,
  dollars: number('a month of table writes and objects at this pace'),
})

export const COST = object(
  {},
  {
    job: text(),
    load: LOAD,
    perSecond: PER_SECOND,
    dollars: number('a month'),
    perMillionRecords: number('dollars'),
    lines: list(
      object({ item: ITEM, amount: NUMBER, dollars: NUMBER, price: NUMBER, source: text(), read: text('when') }),
    ),
    alternatives: list(ALTERNATIVE),
    assumptions: list(text()),
    warnings: list(text()),
    measured: MEASURED,
  },
)
