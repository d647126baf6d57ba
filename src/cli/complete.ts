// What could come next on a command line: commands, flags, their choices, and names that are there now. Asked by the scripts of
// `millrace completion` at every Tab, so it is quick, and says nothing when something is wrong.

import type { Command, Option } from 'commander'
import { namesOf } from './live-names.ts'

/** Loads the commands with these names. */
type Load = (names: readonly string[]) => Promise<Command>

/** Candidates that begin as the last word does; none where a file is meant: the shell knows those. */
export async function candidates(words: readonly string[], all: readonly string[], load: Load): Promise<string[]> {
  const [typed = '', ...before] = [...words].reverse()
  const [name, ...rest] = before.reverse()
  const found = name === undefined ? [...all, '--help', '--version'] : await ofCommand(name, rest, typed, load)
  return [...new Set(found)].filter((one) => one.startsWith(typed))
}

async function ofCommand(name: string, rest: readonly string[], typed: string, load: Load): Promise<readonly string[]> {
  const program = await load([name])
  let command = program.commands.find((one) => one.name() === name)
  if (!command) return []
  let words = rest
  for (let next = inside(command, words[0]); next; next = inside(command, words[0])) {
    command = next
    words = words.slice(1)
  }
  if (command.commands.length > 0) return command.commands.map((one) => one.name()).filter((one) => one !== 'help')
  const { flags, given } = read(command, words)
  const open = command.options.find((option) => takesValue(option) && names(option).includes(words.at(-1) ?? ''))
  if (open) return open.argChoices ?? (await namesOf(open.attributeName(), flags, given))
  if (typed.startsWith('-'))
    return [
      ...command.options.filter((option) => !used(option, words)).map(({ long, short }) => long ?? short ?? ''),
      '--help',
    ]
  const argument = command.registeredArguments[Math.min(given.length, command.registeredArguments.length - 1)]
  if (!argument || (given.length >= command.registeredArguments.length && !argument.variadic)) return []
  return argument.argChoices ?? (await namesOf(argument.name(), flags, given))
}

const inside = (command: Command, word: string | undefined): Command | undefined =>
  command.commands.find((one) => one.name() === word)

const names = ({ long, short }: Option): string[] => [long, short].filter((one) => one !== undefined)
const takesValue = (option: Option): boolean => option.required || option.optional
const used = (option: Option, words: readonly string[]): boolean =>
  !option.variadic && names(option).some((name) => words.includes(name))

/** What was said so far: flags with their values, and arguments. */
function read(command: Command, words: readonly string[]) {
  const flags: Record<string, string> = {}
  const given: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const [name = '', value] = word.split(/=(.*)/s)
    const option = command.options.find((one) => names(one).includes(name))
    if (!option) {
      if (!word.startsWith('-')) given.push(word)
      continue
    }
    flags[option.attributeName()] = takesValue(option) ? (value ?? words[++i] ?? '') : 'true'
  }
  return { flags, given }
}
