// `npm run fuzz -- [--target commit-record] [--seconds 60] [--runs n] [--seed n] [--failures folder]`: fuzzes the readers of
// what others have written. What fails is put into fuzz/corpus/<target>/, from where every later run and the unit tests take it.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'
import { fuzz, type Target } from './fuzzer.ts'
import { seeded } from './mutate.ts'
import { watch } from './watchdog.ts'

const HERE = import.meta.dirname
const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    runs: { type: 'string', default: '1000000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    targets: { type: 'string', default: join(HERE, 'targets.ts') },
    source: { type: 'string', default: join(HERE, '../src/') },
    corpus: { type: 'string', default: join(HERE, 'corpus') },
    failures: { type: 'string' },
    batch: { type: 'string' },
  },
})

const source = pathToFileURL(values.source).href
// Before the targets are loaded, so that all of their functions are counted.
const coverage = new Coverage((url) => url.startsWith(source))
const { TARGETS }: { TARGETS: readonly Target[] } = await import(pathToFileURL(values.targets).href)
const wanted = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
if (wanted.length === 0) {
  console.error(`No such target: ${values.target}. There are ${TARGETS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

for (const target of wanted) {
  const folder = join(values.corpus, target.name)
  const files = existsSync(folder) ? readdirSync(folder).sort() : []
  const corpus = files.map((file) => readFileSync(join(folder, file)))
  const random = seeded(Number(values.seed))
  const batch = values.batch === undefined ? undefined : Number(values.batch)
  const limits = { seconds: Number(values.seconds), runs: Number(values.runs), batch }
  const failures = join(values.failures ?? values.corpus, target.name)
  const watchdog = watch(join(failures, 'failed-without-end'))
  const { begin } = watchdog
  const { runs, seconds, kept, failure } = await fuzz({ target, corpus, random, coverage, begin, ...limits })
  await watchdog.stop()
  const speed = Math.round(runs / seconds)
  console.log(`${target.name}: seed ${values.seed}, ${runs} runs, ${speed}/s, ${kept} inputs kept`)
  if (!failure) continue
  const { input, error } = failure
  const file = join(failures, `failed-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`)
  mkdirSync(failures, { recursive: true })
  writeFileSync(file, input)
  console.error(error)
  console.error(`${target.name}: an input of ${input.length} bytes fails; it is now ${relative(process.cwd(), file)}`)
  process.exitCode = 1
}

const covers = new Set(wanted.flatMap(({ covers }) => covers))
const reached = coverage.report().flatMap(({ file, covered, total }) => {
  const name = relative(values.source, fileURLToPath(file))
  return covers.has(name) ? [`${name} ${Math.round((100 * covered) / total)} %`] : []
})
console.log(`reached: ${reached.sort().join(', ')}`)
coverage.stop()
