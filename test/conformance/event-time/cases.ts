// The cases of Structured Streaming's suites, re-expressed as data: what each means stands beside it (cases.json).

import { readFileSync } from 'node:fs'

export interface Step {
  readonly in: unknown
  readonly out: readonly unknown[]
  /** After the step. */
  readonly wm?: number
  readonly late?: number
  readonly dups?: number
}

export interface Case {
  readonly id: string
  readonly src: string
  readonly q: string
  readonly mode: string
  /** False: no empty batch follows a step's. */
  readonly noData?: boolean
  readonly steps: readonly Step[]
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'))

export function caseOf(id: string): Case {
  const found = cases.find((one) => one.id === id)
  if (!found) throw new Error(`no case ${id}`)
  return found
}

export const allIds = cases.map(({ id }) => id)
