// Before `npm pack`: the program as one file without dependencies, and the templates of the repository.

import { cp } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const HERE = import.meta.dirname

/** @param to the folder of the package */
export async function buildCreate(to: string): Promise<void> {
  const settings = { bundle: true, format: 'esm', platform: 'node', target: 'node22', logLevel: 'warning' } as const
  await build({ ...settings, entryPoints: [join(HERE, 'main.ts')], outfile: join(to, 'dist/main.js') })
  await cp(resolve(HERE, '../templates'), join(to, 'templates'), { recursive: true })
}

if (import.meta.main) await buildCreate(HERE)
