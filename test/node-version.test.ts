import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { versionProblem } from '../src/node-version.ts'

it.each(['20.20.2', '18.0.0', '22.0.0', '22.17.9'])('Node.js %s is refused in one sentence', (version) => {
  expect(versionProblem(version)).toBe(`Millrace needs Node.js 22.18 or later, and this is ${version}.`)
})

it.each(['22.18.0', '22.22.3', '24.21.0', '26.0.0'])('Node.js %s will do', (version) => {
  expect(versionProblem(version)).toBeUndefined()
})

it('takes what older versions lack from a default export: a missing named one would end the program before it is refused', () => {
  const files = globSync('src/{index.ts,lambda,testing,runtime,state,operators,plan,stream,formats,sources}{,/**/*.ts}')
  expect(files.length).toBeGreaterThan(100)
  const named = files.filter((file) =>
    /import \{[^}]*zstd[^}]*\} from 'node:zlib'/.test(file.endsWith('.ts') ? readFileSync(file, 'utf8') : ''),
  )
  expect(named).toEqual([])
})
