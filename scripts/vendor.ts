// The part of msgpackr that the package uses, as one file of the package: installed by itself it would bring a native add-on (five
// packages, with install scripts) that nothing here loads. `npm run build` runs it after the compiler.

import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const ROOT = resolve(import.meta.dirname, '..')

/** @param outDir the compiler's, where `imports` of package.json look for it */
export async function vendor(outDir: string): Promise<void> {
  const from = join(ROOT, 'node_modules/msgpackr')
  const { version }: { version: string } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'))
  const licence = await readFile(join(from, 'LICENSE'), 'utf8')
  await build({
    stdin: { contents: "export { addExtension, Packr } from 'msgpackr/pack'", resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: join(outDir, 'vendor/msgpackr.js'),
    banner: { js: `/*! msgpackr ${version}, https://github.com/kriszyp/msgpackr\n\n${licence.trim()}\n*/` },
    logLevel: 'warning',
  })
}

if (import.meta.main) await vendor(resolve(process.argv[2] ?? join(ROOT, 'dist')))
