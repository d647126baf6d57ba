// What `npm run api` says of docstrings that lack something, and of examples that do not compile.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkExamples, type Surface } from '../../scripts/check-examples.ts'
import { type ApiItem, examplesOf, missingDocs } from '../../scripts/docstrings.ts'

const item = (kind: string, name: string, docComment = '', members: ApiItem[] = []): ApiItem => ({
  kind,
  name,
  canonicalReference: `millrace!${name}:${kind.toLowerCase()}`,
  docComment,
  members,
})
const entry = (...members: ApiItem[]): ApiItem => item('EntryPoint', '', '', members)

const FULL = '/**\n * Says something.\n *\n * @throws Error never\n * @example\n * const n: number = f(1)\n * f(n)\n */'

describe('docstrings', () => {
  it('are missed on functions, on members, and where only tags are', () => {
    const bare = entry(
      item('Function', 'f'),
      item('Function', 'g', '/** @example g() */'),
      item('Interface', 'Options', '/** Options. */', [item('PropertySignature', 'much')]),
    )
    expect(missingDocs('page', bare)).toEqual([
      'page: f has no docstring',
      'page: g has no docstring',
      'page: Options.much has no docstring',
    ])
  })

  it('need an example on functions, classes and methods, but not on errors', () => {
    const half = entry(
      item('Function', 'f', '/** Says something. */'),
      item('Class', 'C', FULL, [item('Method', 'm', '/** Does something. */'), item('Constructor', '(constructor)')]),
      item('Class', 'BadError', '/** Something bad. */', [item('Property', 'fact', '/** A fact. */')]),
      item('TypeAlias', 'T', '/** A type. */'),
    )
    expect(missingDocs('page', half)).toEqual(['page: f has no @example', 'page: C.m has no @example'])
  })

  it('of one overload are enough, and what is not exported needs none', () => {
    const hidden = { ...item('Interface', 'Inner'), canonicalReference: 'millrace!~Inner:interface' }
    expect(missingDocs('page', entry(item('Function', 'f', FULL), item('Function', 'f'), hidden))).toEqual([])
  })

  it('have examples without their stars, to the next tag', () => {
    const two =
      '/**\n * A.\n *\n * @example f(1)\n * @example\n * if (true) {\n *   f(2)\n * }\n *\n * @returns nothing\n */'
    expect(examplesOf(entry(item('Function', 'f', two)))).toEqual([
      { of: 'f', code: 'f(1)' },
      { of: 'f', code: 'if (true) {\n  f(2)\n}' },
    ])
  })
})

it('examples are compiled with what Millrace exports and the prelude declares', { timeout: 120_000 }, async () => {
  const surfaces: Surface[] = [
    {
      specifier: 'millrace',
      source: './src/index.ts',
      entry: entry(item('Function', 'job'), item('Function', 'seconds')),
    },
  ]
  const folder = await mkdtemp(join(tmpdir(), 'millrace-examples-'))
  try {
    const wrong = await checkExamples(
      [
        { of: 'good', code: 'words.map((word) => word.length).window(seconds(2), 1000)' },
        { of: 'own', code: 'const seconds = 1\nnumbers.map((n) => n * seconds)' },
        { of: 'typed', code: 'words.map((word) => word)\n  .map((word) => word.toFixed())' },
        { of: 'unknown', code: 'nobody.map(String)' },
      ],
      surfaces,
      folder,
    )
    expect(wrong).toEqual([
      expect.stringMatching(/^@example of typed, line 2: error TS\d+: .*toFixed/),
      expect.stringMatching(/^@example of unknown, line 1: error TS2304: .*nobody/),
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})
