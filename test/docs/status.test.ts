// docs/guide/status.md shows what the command prints.

import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { inWords } from '../../src/cli/status.ts'
import { NOW, SAMPLE } from './status-sample.ts'

it('docs/guide/status.md shows what millrace status prints', async () => {
  const page = await readFile(new URL('../../docs/guide/status.md', import.meta.url), 'utf8')
  expect(page).toContain(`\`\`\`text\n${inWords(SAMPLE, NOW).join('\n')}\n\`\`\``)
})
