// `--record`: a session's records as a test of the job, with what it makes of them as `testJob` finds it. The test is run before it is
// written, so it passes as long as the job does what it did.

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { InvalidOptionError } from '../../errors/errors.ts'
import { BANNER, bundleSettings } from '../../serverless/bundle.ts'
import { lean } from '../../serverless/lean.ts'

/** More than a test should have. */
const MOST_RECORDS = 1000

interface Recorded {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key?: string
  readonly value?: string
  readonly headers: readonly Readonly<Record<string, readonly number[]>>[]
}

/** What the job made of the records. */
interface Outcome {
  readonly exportName: string
  readonly outputs: unknown
  readonly printed: unknown
}

export class Recorder {
  /** By job, topic, and place in it: what is delivered again is one record. */
  readonly #jobs = new Map<string, Map<string, Map<string, Recorded>>>()
  #left = 0

  /** Notes an event that a job has taken. */
  note(job: string, event: string): void {
    const { records = {} }: { records?: Record<string, (Recorded & { topic: string })[]> } = JSON.parse(event)
    for (const record of Object.values(records).flat()) {
      const { topic, partition, offset } = record
      const topics = this.#jobs.get(job) ?? new Map<string, Map<string, Recorded>>()
      this.#jobs.set(job, topics)
      const noted = topics.get(topic) ?? new Map<string, Recorded>()
      topics.set(topic, noted)
      if (noted.size < MOST_RECORDS) noted.set(`${partition}/${offset}`, record)
      else this.#left++
    }
  }

  /**
   * Writes the test; says what was written.
   *
   * @throws InvalidOptionError when the module does not export the job itself, or the job fails on the records.
   */
  async write(file: string, entry: string, scratch: string): Promise<string[]> {
    if (this.#jobs.size === 0)
      return [`--record: no record was delivered, so ${relative(process.cwd(), file)} was not written`]
    const tests: Tested[] = []
    for (const [job, topics] of this.#jobs) {
      const records = Object.fromEntries(
        Array.from(topics, ([topic, noted]) => [
          topic,
          [...noted.values()].map((record, _, all) =>
            asTestRecord(
              record,
              all.some(({ partition }) => partition > 0),
            ),
          ),
        ]),
      )
      const partitions = Object.fromEntries(
        Array.from(topics, ([topic, noted]) => [
          topic,
          Math.max(...[...noted.values()].map((one) => one.partition)) + 1,
        ]),
      )
      tests.push({ job, records, partitions, outcome: await outcomeOf(job, { records, partitions }, entry, scratch) })
    }
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, testText(tests, importPath(file, entry), usesVitest(dirname(file))))
    const left = this.#left > 0 ? [`--record: ${this.#left} records over ${MOST_RECORDS} a topic were left out`] : []
    return [...left, `recorded ${relative(process.cwd(), file)}: ${tests.map(({ job }) => job).join(', ')}`]
  }
}

interface Tested {
  readonly job: string
  readonly records: unknown
  readonly partitions: unknown
  readonly outcome: Outcome
}

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

/** @throws InvalidOptionError for bytes that are no text. */
function asText(base64: string): string {
  const text = textOf(base64)
  if (Buffer.from(text).toString('base64') === base64) return text
  throw new InvalidOptionError('--record: a key or value is not text, which a test in TypeScript cannot show.')
}

/** @param several the topic has more than one partition */
function asTestRecord({ partition, timestamp, key, value, headers }: Recorded, several: boolean): unknown {
  const entries = headers.flatMap((header) => Object.entries(header))
  return {
    value: value === undefined || value === null ? null : asText(value),
    ...(key !== undefined && key !== null && { key: asText(key) }),
    ...(entries.length > 0 && {
      headers: Object.fromEntries(entries.map(([name, bytes]) => [name, Buffer.from(bytes).toString('utf8')])),
    }),
    ...(several && { partition }),
    timestamp,
  }
}

/** Runs the job of the module over the records in a process of its own. */
async function outcomeOf(job: string, options: unknown, entry: string, scratch: string): Promise<Outcome> {
  const contents = `
    import { testJob } from 'millrace/testing'
    import * as module from ${JSON.stringify(entry)}
    const found = Object.entries(module).find(([, value]) => typeof value === 'object' && value?.name === ${JSON.stringify(job)})
    const { outputs, printed } = found ? await testJob(found[1], ${JSON.stringify(options)}) : {}
    process.stdout.write('\\n' + JSON.stringify({ exportName: found?.[0], outputs, printed }))`
  const outfile = join(scratch, 'record.mjs')
  await build({
    ...bundleSettings(`nodejs${process.versions.node}`),
    write: true,
    stdin: { contents, resolveDir: dirname(entry) },
    outfile,
    banner: { js: BANNER },
    plugins: [lean],
  })
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { maxBuffer: 2 ** 28 })
    const outcome = JSON.parse(stdout.slice(stdout.lastIndexOf('\n')))
    if (outcome.exportName) return outcome
  } finally {
    await rm(outfile, { force: true })
  }
  throw new InvalidOptionError(
    `--record: the module does not export job '${job}' itself. Write export const … = job('${job}', …).`,
  )
}

function testText(tests: readonly Tested[], from: string, vitest: boolean): string {
  const names = tests.map(({ outcome }) => outcome.exportName).join(', ')
  const inline = (value: unknown): string => JSON.stringify(value, undefined, 2).replaceAll('\n', '\n  ')
  const equal = vitest
    ? (actual: string, expected: unknown) => `expect(${actual}).toEqual(${inline(expected)})`
    : (actual: string, expected: unknown) => `assert.deepEqual(${actual}, ${inline(expected)})`
  const head = vitest
    ? ["import { testJob } from 'millrace/testing'", "import { expect, it } from 'vitest'"]
    : [
        "import assert from 'node:assert/strict'",
        "import { it } from 'node:test'",
        "import { testJob } from 'millrace/testing'",
      ]
  const bodies = tests.map(({ job, records, partitions, outcome: { exportName, outputs, printed } }) =>
    [
      `it(${JSON.stringify(`${job}, as recorded`)}, async () => {`,
      `  const result = await testJob(${exportName}, {`,
      `    records: ${inline(records).replaceAll('\n', '\n  ')},`,
      `    partitions: ${JSON.stringify(partitions)},`,
      '  })',
      `  ${equal('result.outputs', outputs)}`,
      `  ${equal('result.printed', printed)}`,
      '})',
    ].join('\n'),
  )
  return [
    '// Recorded by `millrace dev --record`: change it as you like.',
    '',
    ...head,
    `import { ${names} } from ${JSON.stringify(from)}`,
    '',
    bodies.join('\n\n'),
    '',
  ].join('\n')
}

function importPath(file: string, entry: string): string {
  const path = relative(dirname(file), entry).replaceAll('\\', '/')
  return path.startsWith('.') ? path : `./${path}`
}

/** Whether the project above a folder has vitest; Node.js has a runner of its own. */
function usesVitest(folder: string): boolean {
  const file = join(folder, 'package.json')
  if (existsSync(file)) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(file, 'utf8'))
    return 'vitest' in dependencies || 'vitest' in devDependencies
  }
  const above = resolve(folder, '..')
  return above !== folder && usesVitest(above)
}
