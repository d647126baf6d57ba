// What a record must look like before the runtime works with it. Its checksum says that it is whole and where it belongs; what
// is left is a record of other code, and of that nothing is guessed (I7). Fields that are not listed are not looked at.

export type Check = (value: unknown) => boolean

export const shape = (fields: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(fields)
  return (value) =>
    typeof value === 'object' && value !== null && checks.every(([name, check]) => check(Reflect.get(value, name)))
}
export const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
/** Lists of changes and of items are as long as state: that they are lists is enough. */
const anyList: Check = Array.isArray
export const tuple =
  (...checks: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, i) => check(value[i]))
export const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value))
const exactly =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)

const text: Check = (value) => typeof value === 'string'
const flag: Check = (value) => typeof value === 'boolean'
export const bytes: Check = (value) => value instanceof Uint8Array
export const absent: Check = (value) => value === undefined
/** Versions, offsets, sizes. */
export const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
/** Timestamps may be fractions, and Kafka's -1. */
export const time: Check = (value) => typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER

const aboveOne: Check = (value) => count(value) && Number(value) > 1

/** A tuple, and after it the version of the values in it where that is not 1. */
const ofVersion = (...checks: readonly Check[]): Check => either(tuple(...checks), tuple(...checks, aboveOne))

const ref = shape({ bucket: text, key: text })

const counters = shape({
  ...{ records: count, duplicates: count, skipped: count },
  ...{ quarantined: count, missing: count, written: count },
})

const effect = either(
  shape({ kind: exactly('put'), ref, contentType: text, body: bytes, packed: flag }),
  shape({ kind: exactly('complete'), staged: shape({ ref, token: text, parts: list(text), bytes: count }) }),
  shape({ kind: exactly('print'), text }),
  shape({ kind: exactly('wake'), at: time }),
)

const partial = shape({
  time,
  shuffle: list(ofVersion(text, count, anyList)),
  samples: list(tuple(text, list(text))),
})

/** Changes of state by operator, of a commit or a whole snapshot. */
export const isStateShape = list(ofVersion(text, anyList))

const snapshot = either(absent, shape({ version: count, ref, bytes: count }))
const stateKept = { state: isStateShape, snapshot, logBytes: count, logSince: time, logFor: either(absent, count) }

const common = { at: time, code: text, outbox: list(effect) }

/** A commit of a source task. */
export const isSourceShape = shape({
  ...common,
  kind: exactly('birth', 'batch', 'idle', 'sleep', 'seal'),
  active: time,
  plan: either(absent, text),
  frontier: time,
  partials: list(partial),
  counts: counters,
  totals: counters,
  inPlace: either(absent, shape({ ...stateKept, since: count, next: either(absent, time) })),
})

/** A commit of the closing task. */
export const isCloseShape = shape({
  ...common,
  kind: exactly('join', 'close', 'seal'),
  closedUntil: time,
  before: time,
  retention: either(absent, count),
  tasks: list(
    shape({
      stage: text,
      task: text,
      read: count,
      frontier: time,
      next: either(absent, time),
      asleep: either(absent, exactly(true)),
    }),
  ),
  buckets: list(tuple(text, list(count))),
  closed: list(time),
  lacking: either(absent, list(tuple(time, list(text)))),
})

/** A commit of a bucket. */
export const isBucketShape = shape({
  ...common,
  kind: exactly('birth', 'bucket', 'seal'),
  plan: either(absent, text),
  closedUntil: time,
  ran: list(time),
  due: either(absent, time),
  ...stateKept,
  partials: list(partial),
})
