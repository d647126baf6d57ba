// A diff to read: lines that went and came, with a few around them.

import { diff } from 'node:util'

const CONTEXT = 3

/** `- ` before lines that only `before` has, `+ ` before those that only `after` has. */
export function lineDiff(before: string, after: string): string {
  // Of `diff`'s operations -1 is only in the first, 1 only in the second, 0 in both.
  const changes = diff(after.split('\n'), before.split('\n'))
  const near = new Set<number>()
  changes.forEach(([operation], index) => {
    if (operation === 0) return
    for (let i = index - CONTEXT; i <= index + CONTEXT; i++) near.add(i)
  })
  const lines: string[] = []
  changes.forEach(([operation, line], index) => {
    if (!near.has(index)) return
    if (!near.has(index - 1) && lines.length > 0) lines.push('…')
    lines.push(`${operation === 0 ? '  ' : operation < 0 ? '- ' : '+ '}${line}`)
  })
  return lines.join('\n')
}
