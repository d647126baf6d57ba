// The public surface as text, one page per entry point in docs/api: what changes there, changes for users. `npm run api`
// fails with a diff when the code and the pages differ, `npm run api:accept` writes the pages anew.
//
// TypeScript 7 is a native program without an API, so tsc only emits declarations, and API Extractor reads those with the
// TypeScript that it brings along.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel, type IConfigFile } from '@microsoft/api-extractor'
import { checkExamples, type Surface } from './check-examples.ts'
import { type ApiItem, examplesOf, missingDocs } from './docstrings.ts'
import { lineDiff } from './line-diff.ts'

const ROOT = resolve(import.meta.dirname, '..')
const REPORTS = join(ROOT, 'docs/api')

/** An entry point of package.json's `exports`, as far as it is written. */
export interface EntryPoint {
  /** As it is imported: `millrace/lambda`. */
  readonly specifier: string
  /** Of the page: `millrace`, `millrace-lambda` … */
  readonly page: string
  /** Relative to the repository. */
  readonly source: string
}

export async function entryPoints(root = ROOT): Promise<EntryPoint[]> {
  const { name, exports }: { name: string; exports: Record<string, string | Record<string, string>> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  )
  return Object.entries(exports).flatMap(([path, target]) => {
    const source = typeof target === 'string' ? undefined : target['millrace-source']
    if (source === undefined || !existsSync(join(root, source))) return []
    return [
      {
        specifier: `${name}${path.slice(1)}`,
        page: path === '.' ? name : `${name}-${path.slice(2).replaceAll('/', '-')}`,
        source,
      },
    ]
  })
}

/** Emits declarations of the entry points and what they reach, without what is marked `@internal`. */
async function emitDeclarations(entries: readonly EntryPoint[], folder: string): Promise<void> {
  const config = join(folder, 'tsconfig.json')
  const compilerOptions = {
    rootDir: join(ROOT, 'src'),
    outDir: join(folder, 'types'),
    typeRoots: [join(ROOT, 'node_modules/@types')],
    emitDeclarationOnly: true,
    stripInternal: true,
    sourceMap: false,
    inlineSources: false,
  }
  const files = entries.map(({ source }) => join(ROOT, source))
  await writeFile(
    config,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.build.json'), compilerOptions, files, include: [] }),
  )
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', config], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tsc cannot emit declarations:\n${stdout}`)
}

interface Report {
  readonly text: string
  /** What the entry point exports, with docstrings. */
  readonly entry: ApiItem
}

/** The report of one entry point. Types that its signatures use but that nobody can import are warned of inside. */
async function report({ page, source }: EntryPoint, folder: string): Promise<Report> {
  const types = join(folder, 'types')
  const configObject: IConfigFile = {
    projectFolder: folder,
    mainEntryPointFilePath: join(types, source.replace(/^\.\/src\//, '').replace(/\.ts$/, '.d.ts')),
    newlineKind: 'lf',
    compiler: {
      overrideTsconfig: {
        compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, types: [] },
        include: [join(types, '**/*.d.ts')],
      },
    },
    apiReport: {
      enabled: true,
      // Operators stand in base classes that nobody imports by name: without this most of the vocabulary was not in the report.
      includeForgottenExports: true,
      reportFileName: page,
      reportFolder: join(folder, 'reports'),
      reportTempFolder: join(folder, 'temp'),
    },
    docModel: { enabled: true, apiJsonFilePath: join(folder, `${page}.api.json`), includeForgottenExports: true },
    dtsRollup: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      extractorMessageReporting: {
        default: { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        // Everything that an entry point exports is public here.
        'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
        'ae-forgotten-export': { logLevel: ExtractorLogLevel.None }, // included above
        'ae-undocumented': { logLevel: ExtractorLogLevel.None },
        'ae-unresolved-link': { logLevel: ExtractorLogLevel.None },
      },
      tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
    },
  }
  const problems: string[] = []
  await mkdir(join(folder, 'reports'), { recursive: true })
  const extractorConfig = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  })
  Extractor.invoke(extractorConfig, {
    localBuild: true,
    messageCallback(message) {
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.formatMessageWithLocation(folder))
      message.handled = true
    },
  })
  if (problems.length > 0) throw new Error(`API Extractor cannot read ${source}:\n${problems.join('\n')}`)
  const text = await readFile(join(folder, 'reports', `${page}.api.md`), 'utf8')
  const model: ApiItem = JSON.parse(await readFile(join(folder, `${page}.api.json`), 'utf8'))
  const [entry] = model.members ?? []
  if (!entry) throw new Error(`API Extractor has no model of ${source}`)
  return { text: text.replaceAll(`${types}/`, 'src/'), entry } // warnings name files of the temporary folder
}

/** @returns how many pages differ from the code, and what docstrings lack. */
async function main(accept: boolean): Promise<{ changed: number; lacking: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-api-'))
  let changed = 0
  const [lacking, surfaces]: [string[], Surface[]] = [[], []]
  try {
    const entries = await entryPoints()
    await emitDeclarations(entries, folder)
    await mkdir(REPORTS, { recursive: true })
    for (const entry of entries) {
      const path = join(REPORTS, `${entry.page}.api.md`)
      const { text: now, entry: surface } = await report(entry, folder)
      lacking.push(...missingDocs(entry.page, surface))
      surfaces.push({ specifier: entry.specifier, source: entry.source, entry: surface })
      const before = existsSync(path) ? await readFile(path, 'utf8') : ''
      if (now === before) continue
      changed++
      console.log(`docs/api/${entry.page}.api.md ${accept ? 'is written anew' : 'does not match the code'}:\n`)
      console.log(`${lineDiff(before, now)}\n`)
      if (accept) await writeFile(path, now)
    }
    const examples = surfaces.flatMap(({ entry }) => examplesOf(entry))
    lacking.push(...(await checkExamples(examples, surfaces, folder)))
    console.log(`API: ${entries.length} entry points, ${changed} changed, ${examples.length} examples`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { changed, lacking }
}

if (import.meta.main) {
  const accept = process.argv.includes('--accept')
  const { changed, lacking } = await main(accept)
  for (const line of lacking) console.error(line)
  if (lacking.length > 0) process.exitCode = 1
  if (changed > 0 && !accept) {
    console.error('\nThe public surface has changed. If that is meant, run npm run api:accept and commit docs/api.')
    process.exitCode = 1
  }
}
