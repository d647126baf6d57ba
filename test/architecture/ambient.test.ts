// The package's declarations must compile for users who have none of Node's types: those of the namespace `NodeJS` are ambient, and
// whoever lacks them gets an error in our files.

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

it('keeps the namespace NodeJS out of all that users may import', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const ofTools = (file: string): boolean => ['local', 'cli'].includes(file.split(sep)[0] ?? '')
  const users = files.filter((file) => /\bNodeJS\./.test(readFileSync(join(SRC, file), 'utf8')))
  expect(users.some(ofTools)).toBe(true) // so it can be found
  expect(users.filter((file) => !ofTools(file))).toEqual([])
})
