// `npm run soak -- --minutes 60 --seed 7`: docs/soak.md. Ends with 1 when anything was lost, twice, changed or out of place.

import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { ledgerTable, progressLine } from './report.ts'
import { runSoak } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    rate: { type: 'string', default: '200' },
    calm: { type: 'boolean', default: false },
  },
})
const [minutes, seed, rate] = [Number(values.minutes), Number(values.seed), Number(values.rate)]
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: a number above 0`)
if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed}: a whole number`)
if (!(rate > 0)) throw new Error(`--rate ${values.rate}: records a second, above 0`)

const again = `npm run soak -- --minutes ${minutes} --seed ${seed} --rate ${rate}${values.calm ? ' --calm' : ''}`
console.log(`Soak of ${minutes} minutes, seed ${seed}. Again: ${again}`)
const ledger = await runSoak({
  minutes,
  seed,
  rate,
  calm: values.calm,
  onProgress: (progress) => console.log(progressLine(progress)),
  onNote: (note) => console.log(note),
})
console.log(ledgerTable(ledger))
for (const violation of ledger.violations.slice(0, 50)) console.log(`VIOLATION ${violation}`)
console.log(
  ledger.violations.length === 0
    ? `Nothing lost, nothing twice, nothing seen that was not committed (seed ${seed}).`
    : `${ledger.violations.length} VIOLATIONS with seed ${seed}. Again: ${again}`,
)
process.exit(ledger.violations.length === 0 ? 0 : 1)
