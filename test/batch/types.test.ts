// What batches infer, without annotations. Checked by `npm run types`.

import { expect, expectTypeOf, it } from 'vitest'
import type { Batch } from '../../src/index.ts'
import { make } from './make.ts'

interface Order {
  readonly shop: string
  readonly cents: number
}

it('has types that flow through a chain', () => {
  const orders = make<Order>([])
  const ones = orders.map(({ shop }) => [shop, 1] as const)
  expectTypeOf(ones).toEqualTypeOf<Batch<readonly [string, 1]>>()
  expectTypeOf(ones.reduceByKey((a, b) => a + b)).toEqualTypeOf<Batch<[string, number]>>()
  expectTypeOf(ones.foldByKey(0, (a, b) => a + b)).toEqualTypeOf<Batch<[string, number]>>()
  expectTypeOf(orders.groupBy(({ shop }) => shop)).toEqualTypeOf<Batch<[string, Order[]]>>()
  expectTypeOf(ones.leftOuterJoin(new Map([['a', true]]))).toEqualTypeOf<Batch<[string, [1, boolean | undefined]]>>()
  expectTypeOf(ones.cogroup(orders.map((order) => [order.shop, order] as const))).toEqualTypeOf<
    Batch<[string, [1[], Order[]]]>
  >()
  expectTypeOf(orders.sortBy(({ cents }) => cents, { ascending: false }).take(3)).toEqualTypeOf<Order[]>()
  expectTypeOf(ones.sortByKey()).toEqualTypeOf<Batch<readonly [string, 1]>>()
  expectTypeOf(ones.collectAsMap()).toEqualTypeOf<Map<string, 1>>()
  expectTypeOf(orders.filter((order): order is Order & { cents: 1 } => order.cents === 1)).toEqualTypeOf<
    Batch<Order & { cents: 1 }>
  >()
  expectTypeOf(orders.foreachPartition(async () => undefined)).toEqualTypeOf<Promise<void>>()
  expect(orders.foreach(() => undefined)).toBeUndefined()
  // @ts-expect-error these are no pairs
  orders.groupByKey()
  // @ts-expect-error these are no numbers
  orders.sum()
})
