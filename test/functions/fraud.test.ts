// functions/fraud.ts: scores are those of one loop over all payments, and the regression ends where a fit of all payments at once does.

import { describe, expect, it } from 'vitest'
import { type DrawnPayment, draw, FRAUD, rowOf } from '../../demo/programs/fraud.ts'
import { byCountry, checked, distances, type Payment, scores } from '../../functions/fraud.ts'
import { testStream } from '../../src/testing/index.ts'
import { areaUnderCurve, fitOf } from './logistic-fit.ts'
import { batched, WAYS, wrongIn } from './streamed.ts'

const paymentOf = (line: string): Payment => JSON.parse(line)

describe('fraud', () => {
  it.each(WAYS)('scores and clusters as one loop over all payments does: %j', async (how) => {
    const { placed, values } = batched(FRAUD, 1500)
    const inputs: [Payment[][]] = [values.map((some) => some.map(paymentOf))]
    const results = await testStream({ batch: FRAUD.batch, inputs, ...how }, (payments) => {
      const perCountry = byCountry(payments)
      const scored = scores(perCountry)
      const models = scored.stateSnapshots().map(([country, { weights }]) => ({ country, weights }))
      return [scored.flatMap((of) => of.scored), models, distances(perCountry)] as const
    })
    const outputs = ['fraud-scores', 'fraud-models', 'fraud-clusters']
    expect(outputs.flatMap((output, i) => wrongIn(output, FRAUD, placed, results[i] ?? []))).toEqual([])
  })

  it('learns what a batch fit of the same payments finds, within its own uncertainty, and tells fraud as well', async () => {
    const payments = draw(0, 6000)
    const inputs: [DrawnPayment[][]] = [Array.from({ length: 60 }, (_, i) => payments.slice(i * 100, i * 100 + 100))]
    const [scored, models] = await testStream({ batch: FRAUD.batch, inputs, partitions: 3 }, (some) => {
      const learning = scores(byCountry(some))
      return [learning.flatMap((of) => of.scored), learning.stateSnapshots()] as const
    })
    const learned = new Map(models.at(-1))
    expect(learned.size).toBe(3)
    for (const [country, { weights }] of learned) {
      const mine = payments.filter((payment) => payment.country === country)
      const batch = fitOf(mine.map((payment) => ({ x: rowOf(payment), y: payment.fraud })))
      for (const [i, weight] of weights.entries()) {
        const { [i]: expected = 0 } = batch.weights
        const { [i]: error = 0 } = batch.errors
        expect(Math.abs(weight - expected), `${country}, weight ${i}: ${weight}, batch ${expected} ± ${error}`) //
          .toBeLessThan(error)
      }
      const online = areaUnderCurve(
        scored.flat().flatMap((one) => (one.country === country ? [{ score: one.score, y: one.fraud === true }] : [])),
      )
      const best = areaUnderCurve(mine.map((payment) => ({ score: batch.score(rowOf(payment)), y: payment.fraud })))
      // The fit has seen all that it scores, and the online scores begin with knowing nothing: one standard error is what that may cost.
      expect(online.area, `${country}: ${best.area} ± ${best.error}`).toBeGreaterThan(best.area - best.error)
    }
  })

  it('scores before it learns, and learns nothing from what nobody knows yet', async () => {
    const [payment = { id: '', at: 0, country: 'no', cents: 1, abroad: false, hour: 0 }]: Payment[] = draw(0, 1)
    const unknown = ({ fraud: _, ...rest }: Payment): Payment => rest
    const inputs: [Payment[][]] = [[[payment], [unknown(payment)], [unknown(payment)]]]
    const batches = await testStream({ batch: FRAUD.batch, inputs, restart: 'every-batch' }, (payments) =>
      scores(byCountry(payments)).flatMap((of) => of.scored),
    )
    const [first, second, third] = batches.map(([one]) => one?.score)
    expect(first).toBe(0.5)
    expect(second).not.toBe(0.5)
    expect(third).toBe(second)
    expect(batches[1]?.[0]).not.toHaveProperty('fraud')
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses an amount of %d, which would spoil every weight',
    (cents) => {
      const payment = { id: 'p', at: 0, country: 'no', cents, abroad: false, hour: 0 }
      expect(() => checked(payment)).toThrow(`payment p: expected an amount in cents above 0, got ${cents}`)
    },
  )
})
