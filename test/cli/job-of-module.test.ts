// Modules that are not there.

import { expect, it } from 'vitest'
import { inProcess } from './in-process.ts'

it.each([['plan'], ['cost', '--rate', '5/s', '--size', '20'], ['batch']])(
  'millrace %s says that there is no such module',
  async (name, ...flags) => {
    const { code, stderr } = await inProcess([name, 'functions/not-there.ts', ...flags])
    expect(stderr).toMatch(/^NOT_FOUND: There is no file .*not-there\.ts\. Name the module that exports the job/)
    expect(stderr).not.toContain('\n    at ')
    expect(code).toBe(4)
  },
)
