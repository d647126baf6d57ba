// Plants a bug in a file's text.

import type { Mutant } from './mutants.ts'

/** @throws Error when the place is not there, or not the only one: the list has to follow the code. */
export function plant(text: string, { name, file, find, replace }: Mutant): string {
  const [before, after, ...more] = text.split(find)
  if (before === undefined || after === undefined) throw new Error(`${name}: ${file} lacks ${JSON.stringify(find)}`)
  if (more.length > 0) throw new Error(`${name}: ${file} has ${JSON.stringify(find)} ${more.length + 1} times`)
  return `${before}${replace}${after}`
}
