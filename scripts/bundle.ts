// The bundle of one function as a deployment makes it, for the report.

import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { lean } from '../src/serverless/lean.ts'

export const ROOT = resolve(import.meta.dirname, '..')

export interface Bundle {
  /** The file to import. */
  readonly file: string
  /** Bytes of all files. */
  readonly raw: number
  /** Bytes of the files that are loaded by the import alone: what is imported lazily is not among them. */
  readonly eager: number
  readonly gzip: number
  /** Bytes in the bundle by package, the largest first. */
  readonly packages: readonly (readonly [name: string, bytes: number])[]
}

export interface BundleOptions {
  /** Keep what is imported lazily in files of its own; else everything is one file. */
  readonly split?: boolean
}

/** The functions of the repository, or the fixture when there is none. */
export async function sampleFunctions(): Promise<string[]> {
  const names = await readdir(join(ROOT, 'functions')).catch(() => [])
  const files = names
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(ROOT, 'functions', name))
  return files.length > 0 ? files : [join(ROOT, 'scripts/fixtures/words.ts')]
}

/** ESM for Node.js 24, minified, AWS SDK inside. */
export async function bundle(entry: string, outdir: string, options: BundleOptions = {}): Promise<Bundle> {
  const result = await build({
    entryPoints: { index: entry },
    outdir,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    splitting: options.split ?? false,
    mainFields: ['module', 'main'],
    // `module` has to be named as soon as any condition is: without it the AWS SDK comes as CommonJS, and whole.
    conditions: ['millrace-source', 'module'],
    keepNames: true,
    legalComments: 'none',
    // CommonJS inside asks for Node's modules by require.
    banner: {
      js: "import{createRequire as $makeRequire}from'node:module';const require=$makeRequire(import.meta.url);",
    },
    plugins: [lean],
    metafile: true,
    write: true,
    logLevel: 'error',
  })
  const outputs = Object.values(result.metafile.outputs)
  const texts = await Promise.all(Object.keys(result.metafile.outputs).map((path) => readFile(join(ROOT, path))))
  const entryOutput = Object.entries(result.metafile.outputs).find(([, { entryPoint }]) => entryPoint !== undefined)
  const packages = new Map<string, number>()
  for (const { inputs } of outputs) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = packageOf(path)
      packages.set(name, (packages.get(name) ?? 0) + bytesInOutput)
    }
  }
  return {
    file: join(outdir, 'index.mjs'),
    raw: texts.reduce((sum, text) => sum + text.length, 0),
    eager: eagerBytes(entryOutput?.[0] ?? '', result.metafile),
    gzip: texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0),
    packages: [...packages].sort(([, a], [, b]) => b - a),
  }
}

function eagerBytes(path: string, { outputs }: Metafile, seen = new Set<string>()): number {
  const output = outputs[path]
  if (!output || seen.has(path)) return 0
  seen.add(path)
  const imports = output.imports.filter(({ kind }) => kind === 'import-statement')
  return imports.reduce((sum, imported) => sum + eagerBytes(imported.path, { inputs: {}, outputs }, seen), output.bytes)
}

/** The innermost package of a path, `millrace` for our own files. */
function packageOf(path: string): string {
  const inside = path.split('node_modules/').at(-1)
  if (inside === undefined || !path.includes('node_modules/')) return 'millrace'
  const [scope = '', name = ''] = inside.split('/')
  return scope.startsWith('@') ? `${scope}/${name}` : scope
}
