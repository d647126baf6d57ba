// Type-checks the examples of docstrings, each as a module of its own. What they may use without saying where it comes from is every
// export of Millrace, and what `example-prelude.d.ts` declares.

import { spawnSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ApiItem, type Example, isExported } from './docstrings.ts'

const ROOT = resolve(import.meta.dirname, '..')

/** Of an entry point: how it is imported, its source, and what its model has. */
export interface Surface {
  readonly specifier: string
  readonly source: string
  readonly entry: ApiItem
}

/** @returns what the compiler says, a line each, with the name of what has the example. */
export async function checkExamples(
  examples: readonly Example[],
  surfaces: readonly Surface[],
  folder: string,
): Promise<string[]> {
  const files = join(folder, 'examples')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, 'package.json'), '{ "type": "module" }')
  await symlink(join(ROOT, 'node_modules'), join(files, 'node_modules')) // zod and vitest, in examples
  const paths = Object.fromEntries(surfaces.map(({ specifier, source }) => [specifier, [join(ROOT, source)]]))
  const compilerOptions = {
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
    erasableSyntaxOnly: false,
    allowUnreachableCode: true,
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths,
  }
  await writeFile(
    join(files, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions,
      include: ['*.ts'],
      files: [join(ROOT, 'scripts/example-prelude.d.ts')],
    }),
  )
  await Promise.all(
    examples.map(({ code }, i) =>
      writeFile(join(files, `${i}.ts`), `${importsFor(code, surfaces)}\n${code}\nexport {}\n`),
    ),
  )
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--noEmit', '-p', files, '--pretty', 'false'], {
    encoding: 'utf8',
    cwd: files,
  })
  return stdout
    .split('\n')
    .filter((line) => line.includes('error TS'))
    .map((line) =>
      line.replace(
        /^(?:.*\/)?(\d+)\.ts\((\d+),.*?\): error/,
        (_, i, row) => `@example of ${examples[Number(i)]?.of}, line ${Number(row) - 1}: error`,
      ),
    )
}

/** One line: rows of the example stay what they are, but for this one. */
function importsFor(code: string, surfaces: readonly Surface[]): string {
  return surfaces
    .map(({ specifier, entry }) => {
      const names = new Set((entry.members ?? []).filter(isExported).map(({ name = '' }) => name))
      const used = [...names].filter(
        (name) =>
          /^[A-Za-z]\w*$/.test(name) && new RegExp(`(?<![.\\w'])${name}\\b`).test(code) && !declares(code, name),
      )
      return used.length > 0 ? `import { ${used.join(', ')} } from '${specifier}';` : ''
    })
    .join(' ')
}

function declares(code: string, name: string): boolean {
  return new RegExp(`\\b(?:const|let|function|class|type|interface)\\s+${name}\\b|import[^;\\n]*\\b${name}\\b`).test(
    code,
  )
}
