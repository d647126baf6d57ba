// `npm run bench [-- handler dynamo throughput state sql side-by-side leader-board]`: figures side by side, never assertions. docs/bench.md keeps those of the past.

import { dynamoBench } from './dynamo.ts'
import { handlerBench } from './handler.ts'
import { leaderBoardBench } from './leader-board.ts'
import { sideBySideBench } from './side-by-side.ts'
import { sqlBench } from './sql.ts'
import { stateBench } from './state.ts'
import { throughputBench } from './throughput.ts'

const SUITES: Readonly<Record<string, () => Promise<string>>> = {
  handler: handlerBench,
  dynamo: dynamoBench,
  throughput: throughputBench,
  state: stateBench,
  sql: sqlBench,
  'side-by-side': sideBySideBench,
  'leader-board': leaderBoardBench,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(SUITES, name))
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(', ')}. There are ${Object.keys(SUITES).join(', ')}.`)
  process.exit(2)
}

const results: string[] = []
for (const [name, run] of Object.entries(SUITES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${name}\n`)
  results.push(await run())
}
console.log(`\n${results.join('\n')}`)
