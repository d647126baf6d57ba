// What every command must have, those of tomorrow too: a schema for its JSON, examples, exit codes, words for each flag. A new command
// is held by this as soon as it is in COMMANDS of src/cli/program.ts.

import { describe, expect, it } from 'vitest'
import { reasonWithoutJson, schemaOfCommand } from '../../src/cli/json-output.ts'
import { leavesOf, manualOf } from '../../src/cli/manual.ts'
import { programOf } from '../../src/cli/program.ts'

const program = await programOf()

describe.each(leavesOf(program))('millrace %s', (name, command) => {
  it('prints JSON whose schema --json=help shows (withJson), or says why it has no data (withoutJson)', () => {
    if (reasonWithoutJson(command) === undefined) expect(schemaOfCommand(command)).toBeDefined()
    else expect(schemaOfCommand(command)).toBeUndefined()
  })

  it('says what it does, and what each argument and flag is for', () => {
    expect(command.description()).toMatch(/^[a-z].*[^.]$/)
    for (const option of command.options)
      expect(option, option.flags).toHaveProperty('description', expect.stringMatching(/\S/))
  })

  it('shows examples that it takes, and its exit codes (withManual)', () => {
    const manual = manualOf(command)
    expect(manual?.examples.length).toBeGreaterThan(0)
    for (const [line, what] of manual?.examples ?? []) {
      expect(line.replace(/^.*\| /, '')).toMatch(new RegExp(`^millrace ${name}( |$)`))
      expect(what).toMatch(/^[a-z].*[^.]$/)
      const flags = [...line.replace(/^.*\| /, '').matchAll(/(?<= )--?[a-z][\w-]*/g)].map(([flag]) => flag)
      const known = [...command.options.flatMap(({ long, short }) => [long, short])]
      expect(known).toEqual(expect.arrayContaining(flags))
    }
  })
})
