// Looked at first by every entry point: an older Node.js ends in one sentence. Functions that older versions lack are taken from
// default exports elsewhere, because a missing named export would end the program before this can say anything.

import { versions } from 'node:process'

const LEAST = [22, 18] as const

/** What to say of a version of Node.js that will not do; undefined of one that will. */
export function versionProblem(version: string = versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return undefined
  return `Millrace needs Node.js ${LEAST.join('.')} or later, and this is ${version}.`
}
