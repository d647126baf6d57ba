// A key with `undefined` in it is a field that an element lacks: such records are bad ones, for every operator by key.

import { describe, expect, it } from 'vitest'
import {
  type DStream,
  type Job,
  job,
  json,
  type PoisonPolicy,
  type State,
  StateSpec,
  seconds,
} from '../../src/index.ts'
import { mapWithState } from '../../src/operators/map-with-state.ts'
import { updateStateByKey } from '../../src/operators/update-state-by-key.ts'
import { atWork } from '../operators/drive.ts'
import { type Driven, driven, records } from '../support/driven.ts'

interface Sale {
  readonly k?: string | null
}
type Pairs = DStream<readonly [unknown, number]>

const add = (a: number, b: number): number => a + b
const take = (a: number, b: number): number => a - b

const OPERATORS: Readonly<Record<string, (pairs: Pairs) => DStream<unknown>>> = {
  reduceByKey: (pairs) => pairs.reduceByKey(add),
  groupByKey: (pairs) => pairs.groupByKey(),
  combineByKey: (pairs) => pairs.combineByKey((v) => v, add, add),
  reduceByKeyAndWindow: (pairs) => pairs.reduceByKeyAndWindow(add, '2s', '1s'),
  'reduceByKeyAndWindow with an inverse': (pairs) => pairs.reduceByKeyAndWindow(add, take, '2s', '1s'),
  groupByKeyAndWindow: (pairs) => pairs.groupByKeyAndWindow('2s', '1s'),
  countByValue: (pairs) => pairs.map(([key]) => key).countByValue(),
  countByValueAndWindow: (pairs) => pairs.map(([key]) => key).countByValueAndWindow('2s', '1s'),
  join: (pairs) => pairs.join(pairs),
  updateStateByKey: (pairs) =>
    pairs.updateStateByKey((ones: readonly number[], sum: number | undefined) => ones.reduce(add, sum ?? 0)),
  mapWithState: (pairs) =>
    pairs.mapWithState(
      StateSpec.function((key: unknown, one: number | undefined, state: State<number>) => {
        state.update((state.getOption() ?? 0) + (one ?? 0))
        return [key, state.get()] as const
      }),
    ),
}

const IN_PLACE: typeof OPERATORS = {
  'reduceByKey in place': (pairs) => pairs.preservesPartitioning().reduceByKey(add),
  'groupByKey in place': (pairs) => pairs.preservesPartitioning().groupByKey(),
  'a union in place': (pairs) => {
    const keyed = pairs.preservesPartitioning()
    return keyed
      .reduceByKey(add)
      .union(keyed.mapValues((v) => v))
      .groupByKey()
  },
  'a union in place, where nobody else looks': (pairs) => {
    const keyed = pairs.preservesPartitioning()
    return keyed
      .filter(([key]) => key !== undefined)
      .reduceByKey(add)
      .union(keyed.mapValues((v) => v))
      .groupByKey()
  },
}

function sales(
  onPoison: PoisonPolicy,
  operator: (pairs: Pairs) => DStream<unknown>,
  keyOf = (sale: Sale): unknown => sale.k,
): Job {
  return job('sales', { batch: seconds(1), onPoison }, ({ kafka }) => {
    operator(kafka('sales', { value: json<Sale>() }).map(({ value }) => [keyOf(value), 1] as const))
      .map((element) => JSON.stringify(element))
      .saveAsTextFiles('s3://results/sales')
  })
}

const some = records('sales-0', ['{"k":"a"}', '{}', '{"k":"a"}'])
const known = { partitions: { sales: 1 } }

async function quarantined(sale: Driven): Promise<unknown[]> {
  const held = Object.entries(await sale.published('', 'state')).flatMap(([key, body]) =>
    key.includes('/quarantine/') ? body.trimEnd().split('\n') : [],
  )
  return held.map((line) => JSON.parse(line))
}

describe.each(Object.entries({ ...OPERATORS, ...IN_PLACE }))('a key that is undefined: %s', (_, operator) => {
  it('is the record that is bad, under fail', async () => {
    await expect(driven(sales('fail', operator), known).deliver(some)).rejects.toMatchObject({
      code: 'POISON_RECORD',
      offset: 1,
      message: expect.stringMatching(/Invalid key for [^:]+: key is undefined\. A field is missing/),
      cause: { code: 'INVALID_KEY', path: 'key' },
    })
  })

  it('goes into quarantine alone', async () => {
    const sale = driven(sales('quarantine', operator), known)
    await sale.deliver(some)
    await sale.rest()
    expect(await quarantined(sale)).toMatchObject([{ offset: 1, error: { code: 'INVALID_KEY' } }])
    const results = await sale.text()
    expect(results).toContain('"a"')
    expect(results).not.toContain('null')
  })
})

describe('parts of a key', () => {
  it.each<[string, (sale: Sale) => unknown, string]>([
    ['of a tuple', ({ k }) => ['x', k], 'key[1]'],
    ['of an object', ({ k }) => ({ shop: { k } }), 'key.shop.k'],
  ])('%s are looked at, too', async (_, keyOf, path) => {
    const code = sales('fail', (pairs) => pairs.reduceByKey(add), keyOf)
    await expect(driven(code).deliver(some)).rejects.toMatchObject({ offset: 1, cause: { code: 'INVALID_KEY', path } })
  })

  it('null is a key', async () => {
    const code = sales(
      'fail',
      (pairs) => pairs.reduceByKey(add),
      ({ k }) => k ?? null,
    )
    const sale = driven(code)
    await sale.deliver(some)
    await sale.rest()
    const results = await sale.text()
    expect(results.trimEnd().split('\n').sort()).toEqual(['["a",2]', '[null,1]'])
  })
})

describe('keys that a function makes in a bucket', () => {
  it('are refused when they travel on', async () => {
    const twice = (pairs: Pairs) =>
      pairs
        .reduceByKey(add)
        .map(([, n]) => [n > 1 ? undefined : n, n] as const)
        .reduceByKey(add)
    const sale = driven(sales('fail', twice))
    await sale.deliver(records('sales-0', ['{"k":"a"}', '{"k":"a"}']))
    await expect(sale.rest()).rejects.toMatchObject({ code: 'INVALID_KEY', path: 'key' })
  })

  it('are refused when updateStateByKey gives them back', () => {
    const operator = atWork(updateStateByKey((_groups: unknown) => [[['a', undefined], 1]] as const, {}))
    expect(() => operator.run(1000, [[['a', 1]]])).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY', path: 'key[1]' }),
    )
  })
})

describe('what older code has kept under such a key', () => {
  it.each([[undefined], [['a', undefined]]])('is loaded and goes on: updateStateByKey, %j', (key) => {
    type Groups = Iterable<readonly [unknown, readonly unknown[], unknown]>
    const all = (groups: Groups) => Array.from(groups, ([k, , state]) => [k, state] as const)
    const operator = atWork(updateStateByKey(all, {}))
    operator.restore({ cell: ['state', key], value: 5, deleted: false })
    expect(operator.run(1000, [[]])).toEqual([[key, 5]])
  })

  it('is loaded and goes on: mapWithState', () => {
    const operator = atWork(
      mapWithState(
        StateSpec.function((_key: unknown, _value: unknown, _state: State<unknown>) => undefined),
        {},
      ),
    )
    operator.restore({ cell: ['state', undefined], value: [5, 0], deleted: false })
    operator.run(1000, [[]])
    expect(operator.running.snapshot?.()).toEqual([[undefined, 5]])
  })
})
