// What the help of a command says beyond its flags: examples, and what its exit codes mean. Said once, beside the command; `--help`
// and docs/reference/cli.md are both made from it.

import type { Command } from 'commander'
import { EXIT } from './exit-codes.ts'

export interface Manual {
  /** A line that somebody types, and what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** What 3, 4, 5 and those of a shell mean here. 0, 1 and 2 mean the same everywhere. */
  readonly exits?: Readonly<Partial<Record<3 | 4 | 5 | 130, string>>>
  /** Sentences that no flag is the place for. */
  readonly notes?: string
}

const EVERYWHERE = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'failed; standard error says why',
  [EXIT.usage]: 'what was asked for cannot be meant: an unknown flag, a value that is none',
} as const

/** Whose command cannot be refused, and looks for nothing by name, needs examples alone. */
export const NO_JOB = 'there is no such job here'
export const NO_TOPIC = 'there is no such topic here'
export const NOBODY_AGREED = 'nobody has agreed to it: --yes does'

const manuals = new WeakMap<Command, Manual>()

/** Says it of a command, and shows it in its help. */
export function withManual(command: Command, manual: Manual): Command {
  manuals.set(command, manual)
  return command.addHelpText('after', () => `\n${inWords(manual).join('\n')}`)
}

export const manualOf = (command: Command): Manual | undefined => manuals.get(command)

/** By code, ascending. */
export function exitsOf({ exits = {} }: Manual): [code: number, meaning: string][] {
  return Object.entries({ ...EVERYWHERE, ...exits }).map(([code, meaning]) => [Number(code), meaning])
}

function inWords(manual: Manual): string[] {
  const { notes, examples } = manual
  return [
    ...(notes === undefined ? [] : [notes, '']),
    'Examples:',
    ...examples.flatMap(([line, what]) => [`  # ${what}`, `  ${line}`]),
    '',
    'Exit codes:',
    ...exitsOf(manual).map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
  ]
}

/** The commands that do something, by their names: `topics create`. Those that have others inside only lead there. */
export function leavesOf(command: Command, path: readonly string[] = []): [name: string, command: Command][] {
  return command.commands.flatMap((one): [string, Command][] => {
    const here = [...path, one.name()]
    return one.commands.length > 0 ? leavesOf(one, here) : one.name() === 'help' ? [] : [[here.join(' '), one]]
  })
}
