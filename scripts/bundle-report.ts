// `npm run bundle [-- flights]`: how large a deployed function is, what makes it so, and how long a fresh Node.js takes to
// import it. Without a name the first of functions/: most of a bundle is the same in all.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { formatTable } from '../bench/lib/table.ts'
import { bundleHandler } from '../src/serverless/bundle.ts'
import { type Bundle, bundle, ROOT, sampleFunctions } from './bundle.ts'
import { coldTimes } from './cold-import.ts'

const RUNS = 15
const SHOWN_PACKAGES = 12

const folder = await mkdtemp(join(tmpdir(), 'millrace-bundle-'))
try {
  const entries = await sampleFunctions()
  const wanted = process.argv.slice(2)
  const chosen =
    wanted.length > 0 ? entries.filter((entry) => wanted.includes(basename(entry, '.ts'))) : entries.slice(0, 1)
  if (chosen.length === 0) throw new Error(`There are ${entries.map((entry) => basename(entry, '.ts')).join(', ')}.`)
  for (const entry of chosen) await report(entry)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function report(entry: string): Promise<void> {
  const name = basename(entry, '.ts')
  const made = await bundle(entry, join(folder, name))
  const variants: Record<string, Pick<Bundle, 'file' | 'raw' | 'gzip' | 'eager'>> = {
    'as millrace/serverless deploys it': await deployed(entry, join(folder, `${name}-deployed`)),
    'one file': made,
    'lazy parts in files of their own': await bundle(entry, join(folder, `${name}-split`), { split: true }),
  }
  const empty = join(folder, 'empty.mjs')
  await writeFile(empty, 'export {}\n')
  const times = coldTimes(
    { 'an empty module': empty, ...Object.fromEntries(Object.entries(variants).map(([key, { file }]) => [key, file])) },
    RUNS,
  )
  const rows = [...times].map(([key, { imported, ready, process }]) => {
    const variant = variants[key]
    return [
      key,
      variant ? kilobytes(variant.raw) : '',
      variant ? kilobytes(variant.gzip) : '',
      variant ? kilobytes(variant.eager) : '',
      imported.toFixed(1),
      ready.toFixed(1),
      process.toFixed(0),
    ]
  })
  console.log(`${relative(ROOT, entry)}: medians of ${RUNS} fresh processes in turns, Node.js ${process.version}\n`)
  console.log(formatTable(['bundle', 'KB', 'gzip KB', 'loaded KB', 'import ms', 'ready ms', 'process ms'], rows))
  const largest = made.packages.slice(0, SHOWN_PACKAGES)
  const rest = made.packages.slice(SHOWN_PACKAGES).reduce((sum, [, bytes]) => sum + bytes, 0)
  const shares = [...largest, [`${made.packages.length - largest.length} more`, rest] as const].map(([pkg, bytes]) => [
    pkg,
    kilobytes(bytes),
    ((bytes / made.raw) * 100).toFixed(1),
  ])
  console.log(`\n${formatTable(['package', 'KB', '%'], shares)}`)
  const aws = made.packages.filter(([pkg]) => /^@(aws-sdk|aws|smithy)\//.test(pkg)).reduce((sum, [, n]) => sum + n, 0)
  console.log(`\nThe AWS SDK is ${((aws / made.raw) * 100).toFixed(0)} % of the bundle.`)
}

/** What the plugin makes of it. */
async function deployed(entry: string, outDir: string) {
  const handler = `${relative(ROOT, entry).replace(/\.ts$/, '')}.handler`
  const { file, bytes } = await bundleHandler({ handler, serviceDir: ROOT, outDir, runtime: 'nodejs24.x' })
  return { file, raw: bytes, eager: bytes, gzip: gzipSync(await readFile(file), { level: 9 }).length }
}

function kilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(1)
}
