// One place makes every key, path and name of structure, and takes them apart: src/names. This fails where another folder of src/
// has what tells of such a name, in code; comments may speak of them.

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** By the kind of name, what only those write who make one, or take it apart. */
const TELLING: Readonly<Record<string, RegExp>> = {
  "what is Millrace's own": /_millrace/,
  'kinds of its objects': /['"`/](snapshots|spill|quarantine)\//,
  'a batch that is complete': /['"`/]_SUCCESS/,
  'a place that is tried': /_probe/,
  'a part': /['"`/]part-/,
  'a quarantined object': /['"`/]values-/,
  'a key of the table': /['"`][LJ]#/,
  'a row': /['"`](meta|control|task|lease|trouble|hole|plan|redirect)#/,
  'a row by its name': /\b(get|create|put|replace|delete|list)Rows?\([^,()]+, ['"`]/,
  'an output that prints': /['"`]print-/,
  'an address': /`s3:\/\/\$\{|\/\^s3:/,
  'a stage of structure': /stage( [!=]==)?:? ['"`](source|close)['"`]|['"`]in place\b/,
  'ids that only structure has': /\^\(source\|close/,
  'the closing task': /task: '0'/,
  'a bucket as a task': /task: String\(/,
  'a partition': /`\$\{[\w.?]*topic\}-\$\{[\w.?]*partition\}`/,
  'where elements set out': /`(topic|passed|stage) \$\{[\w.]+\}`/,
  'digits of a name': /padStart\((5|16|20),/,
}

/** What may stand elsewhere: part of the code's line, by file, and why. */
const EXCEPTIONS: readonly (readonly [file: string, text: string, why: string])[] = [
  ['lambda/environment.ts', 'MILLRACE_BUCKET', 'says what a variable is for'],
  ['sources/kafka/parse-event.ts', 'it is of another partition', 'speaks of what came, which may be no partition'],
]

interface Found {
  readonly file: string
  readonly kind: string
  readonly line: string
}

/** Lines with the name of something, without comments. */
function tellingLines(file: string, text: string): Found[] {
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/(^|\s)\/\/ .*$/gm, '')
  return code
    .split('\n')
    .flatMap((line) =>
      Object.entries(TELLING).flatMap(([kind, pattern]) =>
        pattern.test(line) ? [{ file, kind, line: line.trim() }] : [],
      ),
    )
}

const isAllowed = ({ file, line }: Found): boolean =>
  EXCEPTIONS.some(([where, text]) => file === where && line.includes(text))

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'))
const read = (file: string): string => readFileSync(join(SRC, file), 'utf8')

describe('names are made', () => {
  const elsewhere = files.filter((file) => !file.startsWith('names/')).flatMap((file) => tellingLines(file, read(file)))

  it('in src/names only', () => {
    const wrong = elsewhere.filter((found) => !isAllowed(found))
    expect(wrong.map(({ file, kind, line }) => `${file}: ${kind}: ${line}`)).toEqual([])
  })

  it('with no exception that is not needed', () => {
    const unused = EXCEPTIONS.filter(([where, text]) =>
      elsewhere.every(({ file, line }) => file !== where || !line.includes(text)),
    )
    expect(unused).toEqual([])
  })

  it('there in fact', () => {
    const made = new Set(
      files
        .filter((file) => file.startsWith('names/'))
        .flatMap((file) => tellingLines(file, read(file)).map(({ kind }) => kind)),
    )
    expect([...made].length).toBeGreaterThan(8)
  })

  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: code, as text
  it.each([
    ['const key = `_millrace/snapshots/${path}`', "what is Millrace's own"],
    ['    const ref = { bucket, key: `${folder}/_SUCCESS` }', 'a batch that is complete'],
    ["const part = `part-${String(bucket).padStart(5, '0')}`", 'a part'],
    ['return `L#${escapeKeyPart(job)}`', 'a key of the table'],
    ["const ROWS = 'plan#'", 'a row'],
    ["await table.getRow(job, 'meta')", 'a row by its name'],
    ['{ id: `print-${prints++}`, node }', 'an output that prints'],
    ["return { job, stage: 'source', task }", 'a stage of structure'],
    ['const name = `${record.topic}-${record.partition}`', 'a partition'],
    ['return `s3://${bucket}/${key}`', 'an address'],
  ])('and %j would be seen elsewhere', (line, kind) => {
    expect(tellingLines('runtime/x.ts', line).map((found) => found.kind)).toContain(kind)
    expect(tellingLines('runtime/x.ts', `  // ${line}\n/** ${line} */\nconst a = 1`)).toEqual([])
  })
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: code, as text
})
