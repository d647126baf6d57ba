import { type Job, job, seconds, text } from 'millrace'

export interface Ledger {
  /** Does nothing when the id is there already. */
  book(id: string, cents: number): Promise<void>
  end(): Promise<void>
}

export const takings = (connect: () => Promise<Ledger>): Job =>
  job('takings', { batch: seconds(1) }, ({ kafka }) => {
    kafka('orders', { value: text() })
      .map(({ value }) => Number(value))
      .foreachPartition(
        async (cents, { id, connection }) => {
          await connection.book(
            id,
            cents.reduce((a, b) => a + b),
          )
        },
        { id: 'ledger', connect, close: (ledger) => ledger.end() },
      )
  })
