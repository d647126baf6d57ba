// Whether a function asks for DuckDB: `sql` is a method of every batch, so it shows in no import, but in a call in one of its own files.

import { readFile } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Loader, Metafile, Plugin } from 'esbuild'
import { leftOut } from './lean.ts'

/** Of Millrace itself. */
const OWN = fileURLToPath(new URL('..', import.meta.url))

/** For a function that does not ask for it. */
export const withoutSql: Plugin = {
  name: 'millrace-without-sql',
  setup({ onResolve }) {
    onResolve({ filter: /[\\/]sql[\\/]run\.[jt]s$/ }, ({ importer }) =>
      importer.startsWith(OWN) ? leftOut('sql') : undefined,
    )
  },
}

/** @param metafile of the bundle: its files, of which those of packages do not count, since many have some method of that name. */
export async function callsSql({ inputs, outputs }: Metafile, serviceDir: string): Promise<boolean> {
  const { transform } = await import('esbuild')
  const used = new Set(Object.values(outputs).flatMap((output) => Object.keys(output.inputs)))
  const files = Object.keys(inputs).filter((file) => used.has(file) && !/(^|[\\/])node_modules[\\/]/.test(file))
  for (const file of files
    .map((name) => resolve(serviceDir, name))
    .filter((path) => !path.startsWith(join(OWN, sep)))) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (!text.includes('sql')) continue
    // Without comments and types, and as one writes it.
    const { code } = await transform(text, { loader: LOADERS[extname(file)] ?? 'ts', minify: true, logLevel: 'silent' })
    if (/\.sql(\?\.)?\(/.test(code)) return true
  }
  return false
}

const LOADERS: Readonly<Record<string, Loader>> = { '.tsx': 'tsx', '.jsx': 'jsx', '.json': 'json' }
