// The soak, for five minutes: three brokers, two jobs, and everything killed, moved, frozen and cut that its seed draws
// (docs/soak.md). MILLRACE_SOAK_MINUTES makes it longer or shorter, MILLRACE_SOAK_SEED repeats one.

import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { ledgerTable, progressLine } from '../../soak/report.ts'
import { runSoak } from '../../soak/soak.ts'
import { bootstrap, describeWith, endpoints, postgresUrl } from '../poller/services.ts'

const minutes = Number(process.env.MILLRACE_SOAK_MINUTES ?? 5)
const seed = Number(process.env.MILLRACE_SOAK_SEED ?? randomInt(1_000_000))

/** What comes before and after: the parts come up, all is consumed and closed, the topics are read and recounted. */
const REST_MS = 40 * 60_000

describeWith(
  bootstrap,
  endpoints.localstack,
  endpoints.ministack,
  postgresUrl,
)(`a soak of ${minutes} minutes, seed ${seed}`, () => {
  it('nothing is lost, nothing is twice, and nothing is seen that was not committed', {
    timeout: minutes * 60_000 + REST_MS,
  }, async () => {
    const ledger = await runSoak({
      minutes,
      seed,
      rate: 200,
      calm: false,
      onProgress: (progress) => console.log(progressLine(progress)),
      onNote: (note) => console.log(note),
    })
    console.log(ledgerTable(ledger))
    expect(ledger.violations, `npm run soak -- --minutes ${minutes} --seed ${seed}`).toEqual([])
    // It was a soak: there were records, and faults of all kinds on the way.
    expect(ledger.events.found).toBe(ledger.events.inTopic)
    expect(ledger.events.inTopic).toBeGreaterThan(0)
    expect(ledger.database.rows).toBe(ledger.events.inTopic)
    expect(ledger.words.windows).toBeGreaterThan(0)
    expect(ledger.mischief.size).toBeGreaterThan(1)
    expect(ledger.spoilt.size).toBeGreaterThan(1)
  })
})
