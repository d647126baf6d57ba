// cfn-lint: what AWS says of every resource of CloudFormation, as a program that needs neither AWS nor network once it is installed (10 s).

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint, installOnce } from './cache.ts'
import type { Machine } from './machine.ts'
import { run } from './run.ts'

const REQUIREMENTS = fileURLToPath(new URL('cfn-lint/requirements.txt', import.meta.url))

/** The path of the program. */
export async function installCfnLint(): Promise<string> {
  const name = `cfn-lint-${fingerprint(await readFile(REQUIREMENTS, 'utf8'))}`
  const folder = await installOnce(name, async (target) => {
    await run('python3', ['-m', 'venv', target])
    await run(join(target, 'bin', 'pip'), ['install', '-q', '-r', REQUIREMENTS])
  })
  return join(folder, 'bin', 'cfn-lint')
}

/** Why cfn-lint cannot run on this machine; undefined when it can. */
export function whyNoCfnLint({
  python: [major, minor] = [0, 0],
  venv,
}: Pick<Machine, 'python' | 'venv'>): string | undefined {
  const lacks = [...(major === 3 && minor >= 10 ? [] : ['Python 3.10 or later']), ...(venv ? [] : ['python3 -m venv'])]
  return lacks.length > 0 ? `cfn-lint cannot run: it needs ${lacks.join(', ')}` : undefined
}
