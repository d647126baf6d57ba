// Values of every kind that may travel, and lists whose order must not depend on how the topic was cut.

import { job, type State, StateSpec } from '../../../src/index.ts'
import { describe } from '../describe.ts'
import { BATCH } from '../jobs.ts'
import { folded, type KindSpec, numberedWords, saveLines, windowed } from '../kind.ts'
import { numbered } from './numbered.ts'

/** Values of every kind that may travel, one after the other by the record's number. */
function travelling(number: number): unknown {
  const values: readonly unknown[] = [
    new Date(number),
    new Map<unknown, unknown>([
      [number, { deep: [number, new Set([1n])] }],
      ['b', undefined],
    ]),
    new Set(['z', number, null]),
    BigInt(number) ** 20n,
    -0,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    Float64Array.of(number, -0),
    new Uint8Array([number, 0, 255]),
    [undefined, null, [number, []], ''],
    { n: number, nothing: undefined, nested: { at: new Date(0) } },
    Number.MAX_SAFE_INTEGER - number,
  ]
  return [number, values[number % values.length]]
}

export const mixed: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version).mapValues(travelling)
      saveLines(
        'groups',
        pairs.groupByKey().map(([key, all]) => `${key} ${all.map(describe).sort().join()}`),
      )
      const kept = pairs.updateStateByKey((values: readonly unknown[], state: readonly unknown[] | undefined) => [
        ...(state ?? []),
        ...values,
      ])
      saveLines(
        'kept',
        kept.map(([key, all]) => `${key} ${all.map(describe).sort().join()}`),
      )
      const seen = StateSpec.function((key: string, value: unknown, state: State<unknown[]>) => {
        const all = state.getOption() ?? []
        all.push(value)
        state.update(all)
        return `${key} ${describe(value)}`
      })
      const mapped = pairs.mapWithState(seen)
      saveLines('mapped', mapped)
      if (!inPlace)
        saveLines(
          'snapshots',
          mapped.stateSnapshots().map(([key, all]) => `${key} ${all.map(describe).sort().join()}`),
        )
      // In place a window makes the others run at more times.
      if (!inPlace)
        saveLines(
          'window',
          pairs.window(2 * BATCH).map(([key, value]) => `${key} ${describe(value)}`),
        )
    }),
  records: numberedWords,
  expected(ledger, inPlace) {
    const say = (numbers: readonly number[]): string =>
      numbers
        .map((n) => describe(travelling(n)))
        .sort()
        .join()
    const outputs = folded(ledger, inPlace, () => {
      const all = new Map<string, number[]>()
      return (words) => {
        for (const [word, numbers] of words) all.set(word, [...(all.get(word) ?? []), ...numbers])
        const kept = [...all].map(([word, numbers]) => `${word} ${say(numbers)}`)
        return {
          groups: [...words].map(([word, numbers]) => `${word} ${say(numbers)}`),
          kept,
          mapped: [...words].flatMap(([word, numbers]) => numbers.map((n) => `${word} ${say([n])}`)),
          ...(!inPlace && { snapshots: kept }),
        }
      }
    })
    const window = windowed(ledger, 2, (word, numbers) => numbers.map((n) => `${word} ${say([n])}`).join('\n'))
    return new Map([...outputs, ...(inPlace ? [] : [['window', splitLines(window)] as const])])
  },
}

function splitLines(contents: ReadonlyMap<number, readonly string[]>): Map<number, readonly string[]> {
  return new Map([...contents].map(([time, lines]) => [time, lines.flatMap((line) => line.split('\n')).sort()]))
}

/** The order of lists, and sums that depend on it: held against a run without faults, which is cut in another way (A11). */
export const order: KindSpec = {
  define: (options, inPlace, version) =>
    job('simulated', options, ({ kafka }) => {
      const pairs = numbered(kafka, inPlace, version)
      const list = ([key, all]: readonly [string, readonly number[]]): string => `${key} ${all.join()}`
      saveLines('groups', pairs.groupByKey().map(list))
      saveLines(
        'window',
        pairs
          .window(2 * BATCH)
          .groupByKey()
          .map(list),
      )
      if (!inPlace) saveLines('spread', pairs.repartition(3).groupByKey().map(list))
    }),
  records: numberedWords,
}
