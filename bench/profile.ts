// One handler in a loop, for a profiler:
//
//   node --conditions=millrace-source --cpu-prof --cpu-prof-dir=/tmp/prof bench/profile.ts text all 1000 4
//   node bench/lib/cpu-profile.ts /tmp/prof/*.cpuprofile

import { lambda } from '../src/lambda/index.ts'
import { eventTexts } from './lib/events.ts'
import { allFlights, allLines, fewFlights, fewLines } from './lib/jobs.ts'
import { benchEnvironment } from './lib/services.ts'
import { flightValues, lineValues } from './lib/values.ts'

const [format = 'text', output = 'all', records = '1000', partitions = '4', total = '2000000'] = process.argv.slice(2)
const json = format === 'json'
const [all, few] = json ? [allFlights, fewFlights] : [allLines, fewLines]
const handler = lambda(output === 'all' ? all : few, { environment: benchEnvironment() })
const next = eventTexts({
  topic: json ? 'flights' : 'lines',
  partitions: Number(partitions),
  records: Number(records),
  values: json ? flightValues() : lineValues(),
})

let nanos = 0n
for (let done = 0; done < Number(total); done += Number(records)) {
  const [text = ''] = next(1)
  const start = process.hrtime.bigint()
  await handler(JSON.parse(text))
  nanos += process.hrtime.bigint() - start
}
console.log(`${Math.round((Number(total) * 1e9) / Number(nanos))} records/s`)
