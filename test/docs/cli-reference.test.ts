// docs/reference/cli.md is made from the commands.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cliReference, REFERENCE } from '../../scripts/cli-reference.ts'

it('docs/reference/cli.md says what the commands say: if not, npm run reference', async () => {
  expect(readFileSync(REFERENCE, 'utf8')).toBe(await cliReference())
})
