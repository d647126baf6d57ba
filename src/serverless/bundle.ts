// A function as one file: the job, Millrace and the AWS SDK, as an ES module that Lambda starts as it is.

import { createHash } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { BuildFailure, BuildOptions, BuildResult, Plugin } from 'esbuild'
import { describeCause, InvalidOptionError } from '../errors/errors.ts'
import { lean, withoutEventStreams, withoutFolder } from './lean.ts'
import { callsSql, withoutSql } from './sql-calls.ts'
import { type Architecture, duckdbFiles } from './sql-package.ts'
import { zip } from './zip.ts'

/** Where a handler is, before and after bundling. */
export interface BundleInput {
  /** `functions/words.handler`: a module without its ending, and an export of it. */
  readonly handler: string
  /** Where the handler's path begins. */
  readonly serviceDir: string
  /** Where `index.mjs` and its map go. */
  readonly outDir: string
  /** Lambda's name of it: `nodejs24.x`. */
  readonly runtime: string
  /** The function's, for DuckDB's binding. Default: `x86_64`, as for functions. */
  readonly architecture?: Architecture
  /** Whether DuckDB is packed with it. Default: when one of its own files calls `.sql(`. */
  readonly sql?: boolean
}

/** A function as one file, written and packed. */
export interface Bundle {
  /** The file to import. */
  readonly file: string
  /** The name of the export. */
  readonly exportName: string
  /** The handler as Lambda is told: `index.handler`. */
  readonly handler: string
  /** Length of the file. */
  readonly bytes: number
  /** Identity of the code: equal for equal bundles. */
  readonly hash: string
  /** Whether DuckDB is packed with it. */
  readonly sql: boolean
  /** The deployment package. */
  readonly archive: Uint8Array
}

const ENDINGS = ['.ts', '.mts', '.js', '.mjs', '.tsx', '.jsx', '.cts', '.cjs']

/** This file runs as TypeScript in Millrace's own repository; then there is no `dist` and sources are bundled. */
const FROM_SOURCE = import.meta.url.endsWith('.ts')

/** CommonJS modules in the bundle require Node's own modules; an ES module has no `require` of itself. */
export const BANNER =
  "import{createRequire as millraceRequire}from'node:module';const require=millraceRequire(import.meta.url);"

/**
 * Bundles a handler with all that it uses, as the plugin deploys it: for those who deploy with something else.
 *
 * @throws InvalidOptionError when there is no such module or it cannot be bundled, with esbuild's reasons.
 * @example
 * import { bundleHandler } from 'millrace/serverless'
 *
 * const where = { serviceDir: process.cwd(), outDir: 'dist/words', runtime: 'nodejs24.x' }
 * const { archive, handler } = await bundleHandler({ handler: 'functions/words.handler', ...where })
 */
export async function bundleHandler(input: BundleInput): Promise<Bundle> {
  const { handler, serviceDir, outDir, architecture = 'x86_64' } = input
  const { entry, exportName } = await findModule(handler, serviceDir)
  const { result, sql } = await runEsbuild(entry, input)
  const duckdb = sql ? await duckdbFiles(serviceDir, handler, architecture) : []
  const code = fileOf(result, '.mjs')
  const map = fileOf(result, '.map')
  await mkdir(outDir, { recursive: true })
  const file = join(outDir, 'index.mjs')
  await Promise.all([writeFile(file, code), writeFile(`${file}.map`, map)])
  return {
    file,
    exportName,
    handler: `index.${exportName}`,
    bytes: code.byteLength,
    hash: createHash('sha256').update(code).digest('hex').slice(0, 16),
    sql,
    archive: zip(new Map([['index.mjs', code], ['index.mjs.map', map], ...duckdb])),
  }
}

/** What is true of a bundle wherever it runs, deployed or on this machine. */
export function bundleSettings(runtime: string) {
  return {
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${/\d+/.exec(runtime)?.[0] ?? '24'}`,
    // ES modules first, the AWS SDK has both: only of those esbuild leaves out what is not used.
    mainFields: ['module', 'main'],
    // An explicit list drops esbuild's own `module`, without which parts of the AWS SDK come as CommonJS, and whole.
    conditions: FROM_SOURCE ? ['millrace-source', 'module'] : ['module'],
    // Beside the bundle of who uses it, in the archive.
    external: ['@duckdb/node-api'],
    logLevel: 'silent',
  } satisfies BuildOptions
}

/**
 * In two passes, because names are kept of all that esbuild sees or of nothing, and of a function that should be the job, what it
 * imports and Millrace: classes show in logs and in errors' `name`. The AWS SDK names its errors itself; its other names are 21 KB.
 */
async function runEsbuild(entry: string, { handler, serviceDir, outDir, runtime, sql: asked }: BundleInput) {
  const { build } = await import('esbuild')
  const settings = {
    ...bundleSettings(runtime),
    absWorkingDir: serviceDir,
    outfile: join(outDir, 'index.mjs'),
    minify: true,
    // Positions are all that a stack trace needs, and half of the map's size.
    sourcesContent: false,
    legalComments: 'none',
  } satisfies BuildOptions
  const ofSdk = new Set<string>()
  const first = (plugins: readonly Plugin[]) =>
    build({
      ...settings,
      entryPoints: [entry],
      keepNames: true,
      metafile: true,
      sourcemap: 'inline',
      plugins: [sdkApart(ofSdk), lean, withoutFolder, ...plugins],
    })
  try {
    const without = await first([withoutSql])
    const sql = asked ?? (await callsSql(without.metafile, serviceDir))
    const ours = sql ? await first([]) : without
    const contents = Buffer.from(fileOf(ours, '.mjs')).toString()
    const streams = [...ofSdk].some((path) => !WITHOUT_STREAMS.has(path)) || contents.includes('SelectObjectContent')
    const result = await build({
      ...settings,
      stdin: { contents, sourcefile: settings.outfile, resolveDir: serviceDir },
      banner: { js: BANNER },
      sourcemap: 'linked',
      plugins: streams ? [lean] : [lean, withoutEventStreams],
    })
    return { result, sql }
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    const reasons = error.errors.map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
    )
    throw new InvalidOptionError(`${handler} cannot be bundled:\n${reasons.join('\n')}`, { cause: error })
  }
}

/** What Millrace calls of the AWS SDK. None of it has event streams, but for S3's SelectObjectContent. */
const WITHOUT_STREAMS = new Set([
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-s3',
  '@aws-sdk/client-sqs',
  '@smithy/node-http-handler',
])

/** Leaves the AWS SDK to the second pass, by its place, since what imports it may have a version of its own; notes what is `asked` for. */
const sdkApart = (asked: Set<string>): Plugin => ({
  name: 'millrace-sdk-apart',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^@(aws-sdk|smithy|aws)\// }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === asked) return undefined
      asked.add(path)
      // A `require` of an ES module's is none any more for the second pass.
      if (kind.startsWith('require')) return undefined
      const found = await resolve(path, { importer, resolveDir, kind, pluginData: asked })
      return found.errors.length > 0 ? found : { path: found.path, external: true, sideEffects: found.sideEffects }
    })
  },
})

async function findModule(handler: string, serviceDir: string): Promise<{ entry: string; exportName: string }> {
  const [, path, exportName] = /^(.+)\.([A-Za-z_$][\w$]*)$/.exec(handler) ?? []
  if (path === undefined || exportName === undefined) {
    throw new InvalidOptionError(
      `The handler '${handler}' is not of the form path/to/module.export, such as functions/words.handler.`,
    )
  }
  for (const ending of ENDINGS) {
    const entry = resolve(serviceDir, `${path}${ending}`)
    const there = await access(entry).then(
      () => true,
      () => false,
    )
    if (there) return { entry, exportName }
  }
  throw new InvalidOptionError(
    `The handler '${handler}' has no module: there is no ${path}${ENDINGS.join(', ')} in ${dirname(resolve(serviceDir, 'x'))}.`,
  )
}

function fileOf({ outputFiles = [] }: BuildResult, ending: string): Uint8Array {
  const file = outputFiles.find(({ path }) => path.endsWith(ending))
  if (!file) throw new Error(`esbuild wrote no ${ending}: ${describeCause(outputFiles.map(({ path }) => path))}`)
  return file.contents
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}
