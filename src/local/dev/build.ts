// The function as it is deployed, for this machine: esbuild with the plugin's settings, not minified, and again whenever the module
// or something that it imports has changed. Each build is a file of its own, so that one can be looked at while another runs.

import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type BuildResult, context, formatMessages, type Plugin } from 'esbuild'
import { BANNER, bundleSettings } from '../../serverless/bundle.ts'
import { lean } from '../../serverless/lean.ts'

/** What came of one build. */
export type Build =
  | { readonly ok: true; readonly file: string; readonly hash: string; readonly inputs: readonly string[] }
  /** In words, with the place and the line. */
  | { readonly ok: false; readonly problem: string }

export interface BuildOptions {
  /** The module. */
  readonly entry: string
  /** Where bundles go; nothing else is in there. */
  readonly into: string
  readonly color?: boolean
  readonly onBuild: (build: Build) => void
}

export interface Building {
  stop(): Promise<void>
}

/** Builds, and builds again with every change until it is stopped. */
export async function watchBuild({ entry, into, color = false, onBuild }: BuildOptions): Promise<Building> {
  await mkdir(into, { recursive: true })
  const watching = await context({
    ...bundleSettings(`nodejs${process.versions.node}`),
    entryPoints: [entry],
    outfile: join(into, 'index.mjs'),
    banner: { js: BANNER },
    keepNames: true,
    sourcemap: 'linked',
    metafile: true,
    plugins: [lean, reporting(into, color, onBuild)],
  })
  await watching.watch()
  return { stop: () => watching.dispose() }
}

function reporting(into: string, color: boolean, onBuild: (build: Build) => void): Plugin {
  let last = ''
  return {
    name: 'millrace-dev',
    setup({ onEnd }) {
      onEnd(async (result) => {
        if (result.errors.length > 0) {
          last = ''
          const problem = await formatMessages(result.errors, { kind: 'error', color })
          return onBuild({ ok: false, problem: problem.join('').trimEnd() })
        }
        const build = await write(into, result)
        if (build.hash === last) return
        last = build.hash
        onBuild(build)
      })
    },
  }
}

async function write(
  into: string,
  { outputFiles = [], metafile }: BuildResult,
): Promise<Build & { readonly ok: true }> {
  const [code, map] = ['.mjs', '.map'].map((ending) => outputFiles.find(({ path }) => path.endsWith(ending)))
  if (!code || !map) throw new Error('esbuild wrote no bundle')
  const hash = createHash('sha256').update(code.contents).digest('hex').slice(0, 16)
  const file = join(into, `${hash}.mjs`)
  const text = code.text.replace(/^\/\/# sourceMappingURL=.*$/m, `//# sourceMappingURL=${basename(file)}.map`)
  // The module last: whoever shares the folder may run it once it is there, and never half of it.
  await put(`${file}.map`, map.contents)
  await put(file, text)
  return { ok: true, file, hash, inputs: Object.keys(metafile?.inputs ?? {}).map((input) => resolve(input)) }
}

/** As a whole or not at all. */
async function put(file: string, content: string | Uint8Array): Promise<void> {
  const beside = `${file}.${randomUUID()}`
  await writeFile(beside, content)
  await rename(beside, file)
}

/** Deletes the bundles that no process runs any more. */
export async function dropBuilds(into: string, keep: string): Promise<void> {
  const others = (await readdir(into)).filter((name) => !name.startsWith(basename(keep)))
  await Promise.all(others.map((name) => rm(join(into, name), { force: true })))
}
