// npm run simulate -- --seeds 100000 [--from 0] [--kind mapState] [--processes 2]: many seeds on all processors, with
// progress, the stories of what failed, and what was covered.

import { parseArgs } from 'node:util'
import { runSeeds } from '../../src/testing/simulation/seeds.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
    kind: { type: 'string', default: '' },
    processes: { type: 'string' },
  },
})
const seeds = Number(values.seeds)
const began = performance.now()
let shown = 0
const result = await runSeeds({
  worker: new URL('./worker.ts', import.meta.url),
  args: [values.kind],
  from: Number(values.from),
  seeds,
  ...(values.processes !== undefined && { processes: Number(values.processes) }),
  failures: 5,
  onProgress(done, failures) {
    const now = performance.now()
    if (now - shown < 5000 && done < seeds) return
    shown = now
    const speed = (done / (now - began)) * 1000
    console.log(`${done} of ${seeds} schedules, ${Math.round(speed)} per second, ${failures.length} failed`)
  },
})
for (const { violations, story } of result.failures) console.log(`\n${violations.slice(0, 5).join('\n')}\n${story}`)
console.log(`\n${result.coverage.table()}\n`)
console.log(`${result.done} schedules, ${Math.round(result.speed)} per second, ${result.failures.length} failed`)
if (result.failures.length > 0) process.exitCode = 1
