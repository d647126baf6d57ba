// `millrace quarantine get`: one thing that was put aside, whole.

import { Command } from 'commander'
import { objectUrl } from '../../stores/object-store.ts'
import { taggedText } from '../../values/tagged-json.ts'
import { withJson } from '../json-output.ts'
import { withManual } from '../manual.ts'
import { ASIDE } from './ls.ts'
import {
  type Aside,
  type AsideFlags,
  asideOptions,
  checkFound,
  decoded,
  isNamed,
  shown,
  withQuarantine,
} from './shown.ts'

interface GetFlags extends AsideFlags {
  readonly json?: boolean
}

export function getCommand(): Command {
  const command = withJson(asideOptions(new Command('get')), ASIDE, 'a line of JSON for each')
    .description('what was put aside, whole: reason, key, value, headers, as far as they can be decoded')
    .argument('<job>', 'the name of the job')
    .argument('<ids...>', 'as `ls` shows them, such as lines-0@12')
    .action(runGet)
  return withManual(command, {
    examples: [['millrace quarantine get shop-totals orders-0@12', 'a record that was put aside, whole']],
    exits: { 4: 'there is no such job, or nothing of that id' },
  })
}

async function runGet(job: string, named: string[], flags: GetFlags): Promise<void> {
  const ids = new Set(named)
  await withQuarantine(job, flags, async ({ all }) => {
    const found = new Set<string>()
    for await (const aside of all()) {
      if (!isNamed(aside.one, ids)) continue
      found.add(aside.one.id)
      for (const line of flags.json ? [JSON.stringify(shown(aside))] : inWords(aside)) console.log(line)
    }
    checkFound(job, ids, found)
  })
}

function inWords({ one, replayed }: Aside): string[] {
  const { id, error, ref, line } = one
  const field = (name: string, value: string): string => `  ${name.padEnd(9)} ${value}`
  return [
    `${id}${replayed === 'no' ? '' : replayed === 'yes' ? ', replayed' : ', a replay of it was begun'}`,
    field('why', error.code === undefined ? error.message : `${error.code}: ${error.message}`),
    ...fieldsOf(one).map(([name, value]) => field(name, value)),
    field('object', `${objectUrl(ref)}, line ${line + 1}`),
  ]
}

function fieldsOf(one: Aside['one']): [string, string][] {
  const text = (bytes: Uint8Array | null): string => taggedText(decoded(bytes))
  switch (one.kind) {
    case 'record':
      return [
        ['at', new Date(one.timestamp).toISOString()],
        ['key', text(one.key)],
        ['value', text(one.value)],
        ...one.headers.map(([name, bytes]): [string, string] => ['header', `${name}: ${text(bytes)}`]),
      ]
    case 'values':
      return [
        ['operator', one.operator],
        ['task', one.task],
        ['batch', String(one.time)],
        ...(one.key === undefined ? [] : [['key', taggedText(one.key)] as [string, string]]),
        ...one.values.map((value): [string, string] => ['value', taggedText(value)]),
      ]
    case 'gap':
      return [['offsets', `${one.from} to ${one.until - 1} of ${one.task}`]]
    case 'other':
      return [['content', taggedText(one.content)]]
  }
}
