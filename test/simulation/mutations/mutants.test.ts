// The bugs of the mutation run can be planted in the code as it is. The run itself is long: npm run mutations.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { plant } from './plant.ts'

const ROOT = join(import.meta.dirname, '../../..')

it.each(MUTANTS)('can plant: $name', (mutant) => {
  const text = readFileSync(join(ROOT, mutant.file), 'utf8')
  expect(plant(text, mutant)).not.toBe(text)
})
