// What examples in docstrings may use without saying where it comes from: streams of a job about orders, and what is around it.

import type { Batch, DStream, EventStream, Job, JobContext, KafkaRecord } from 'millrace'

declare global {
  interface Order {
    readonly id: string
    readonly shop: string
    readonly cents: number
    readonly at: number
    readonly items: readonly string[]
  }
  interface Shop {
    readonly name: string
    readonly country: string
  }

  const kafka: JobContext['kafka']
  /** Records with a line of text. */
  const lines: DStream<KafkaRecord<string>>
  const words: DStream<string>
  const numbers: DStream<number>
  const orders: DStream<Order>
  /** What a shop has taken. */
  const byShop: DStream<[shop: string, cents: number]>
  const shops: DStream<[shop: string, about: Shop]>
  /** Orders of one batch, inside `transform` or `foreachRDD`. */
  const batch: Batch<Order>
  /** What shops have taken in one batch. */
  const perShop: Batch<readonly [shop: string, cents: number]>
  /** Views of pages, with the time at which they happened. */
  const views: EventStream<{ readonly id: string; readonly user: string; readonly page: string; readonly ms: number }>
  const hotWords: Job
  const shopTotals: Job
  /** Looks a shop up in a service. */
  function lookUp(shop: string): Promise<Shop>
  /** A connection to where orders are written. */
  interface Till {
    write(id: string, orders: readonly Order[]): Promise<void>
    end(): Promise<void>
  }
  function openTill(): Promise<Till>
  const response: { readonly status: number }
  class ShopIsClosed extends Error {}
}
