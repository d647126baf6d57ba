import { expect, it } from 'vitest'
import { lineDiff } from '../../scripts/line-diff.ts'

it('shows what went and what came, with a few lines around', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'old', 'o']
  const after = ['a', 'new', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'o']
  expect(lineDiff(before.join('\n'), after.join('\n')).split('\n')).toEqual([
    '  a',
    '+ new',
    '  b',
    '  c',
    '  d',
    '…',
    '  k',
    '  l',
    '  m',
    '- old',
    '  o',
  ])
})

it('shows nothing for texts that are equal', () => {
  expect(lineDiff('a\nb', 'a\nb')).toBe('')
})
