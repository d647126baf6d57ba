// docs/reference/offsets.md is a table of what the offset language means: each row is read.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describePosition, parseRange } from '../../src/local/offset-language.ts'

const page = readFileSync('docs/reference/offsets.md', 'utf8')
const NOW = Date.parse(/it is `([^`]+)`/.exec(page)?.[1] ?? '')
const rows = [...page.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (?:`([^`]+)` )?\|/gm)].map(
  ([, written = '', from = '', until]) => [written, from, until] as const,
)

describe('docs/reference/offsets.md', () => {
  it.each(rows)('%s', (written, from, until) => {
    const range = parseRange('--offset', written, NOW)
    expect(describePosition(range.from)).toBe(from)
    expect(range.until && describePosition(range.until)).toBe(until)
  })

  // DESIGN §8
  it.each(['start', 'end', ':end', '+n', '-n', 'n', 'n:', ':n', 'n1:n2', '@t', '@:t', '@t1:t2'])('has %s', (form) => {
    const pattern = form
      .replace(/[+]/g, '\\+')
      .replace(/t1|t2|t/g, (time) => (/^t[12]?$/.test(time) && form.startsWith('@') ? '[^:]\\S*' : time))
      .replace(/n1|n2|\bn\b/g, '\\d+')
    expect(rows.map(([written]) => written)).toEqual(
      expect.arrayContaining([expect.stringMatching(new RegExp(`^${pattern}$`))]),
    )
  })

  it('says what is refused', () => {
    for (const wrong of ['90:39', '@2026-02-30', '@2026-01-31T10:30:00']) {
      expect(page).toContain(wrong)
      expect(() => parseRange('--offset', wrong, NOW)).toThrow()
    }
  })
})
