// What the pages say by name is there: links, files, and the functions of the walks through the code.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = '']) => found)

/** Pages that send people into the code. */
const GUIDES = ['docs/architecture.md', 'docs/contributing.md']
const PAGES = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: ROOT })]

describe.each(PAGES)('%s', (page) => {
  it('links to what exists', () => {
    const own = all(read(page), /\]\(([^)\s#]+)(?:#[^)]*)?\)/g).filter((to) => !/^[a-z]+:/.test(to))
    expect(own.filter((to) => !existsSync(join(ROOT, dirname(page), to)))).toEqual([])
  })

  it('names files that exist', () => {
    const files = all(read(page), /`((?:src|test|docs|scripts|infra|bench|model|fuzz)\/[\w./-]+)`/g)
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })
})

it('docs/decisions/000-index.md lists every paper once', () => {
  const papers = globSync('docs/decisions/[0-9]*.md', { cwd: ROOT }).map((path) => path.replace(/^.*\//, ''))
  const listed = all(read('docs/decisions/000-index.md'), /\]\((\d{3}-[^)]+\.md)\)/g)
  expect(listed.toSorted()).toEqual(papers.filter((name) => name !== '000-index.md').sort())
})

it.each(GUIDES)('%s names functions that their files declare', (page) => {
  const places = [...read(page).matchAll(PLACE)].map(placeOf)
  expect(places.length).toBeGreaterThan(5)
  expect(places.filter((place) => !declares(place)).map(inWords)).toEqual([])
})

describe('the walks of docs/architecture.md', () => {
  const walks = read('docs/architecture.md')
    .split(/^### /m)
    .slice(1)
    .map((walk) => [walk.split('\n')[0] ?? '', walk] as const)

  it('are four', () => {
    expect(walks).toHaveLength(4)
  })

  it.each(walks)('go from what calls to what is called: %s', (_, walk) => {
    const lines = walk.split('\n').filter((line) => /^\d+\. /.test(line))
    const steps = lines.map((line) => ({
      ...placeOf(line.match(PLACE_OF_STEP) ?? []),
      begins: line.includes('*later'),
    }))
    expect(steps.length).toBeGreaterThan(10)
    const jumps = steps.filter((step, i) => {
      if (i === 0 || step.begins) return false // called by the queue, or by another process
      return !steps.slice(0, i).some((before) => uses(before, step))
    })
    expect(jumps.map(inWords)).toEqual([])
  })
})

interface Place {
  /** Below src/. */
  readonly file: string
  /** Of a function, a class or a type, or `Class.method`. */
  readonly name: string
}

const PLACE = /`([\w./-]+\.ts) › ([\w.]+)`/g
const PLACE_OF_STEP = /^\d+\. `([\w./-]+\.ts) › ([\w.]+)`/

function placeOf([, file = '', name = '']: readonly string[]): Place {
  return { file, name }
}

function inWords({ file, name }: Place): string {
  return `${file} › ${name}`
}

function declares({ file, name }: Place): boolean {
  if (!existsSync(join(ROOT, 'src', file))) return false
  const text = read(`src/${file}`)
  const [outer = '', method] = name.split('.')
  const kinds = '(?:abstract )?(?:function\\*?|class|const|interface|type)'
  const at = text.search(new RegExp(`^(?:export )?(?:async )?${kinds} ${outer}\\b`, 'm'))
  if (at < 0 || method === undefined) return at >= 0
  return new RegExp(`^ +(?:(?:async|static|get|override|readonly) )*${method}\\b`, 'm').test(text.slice(at))
}

/** Whether the file of a step does more with the name of another than declare it. */
function uses(step: Place, { file, name }: Place): boolean {
  const called = name.split('.').at(-1) ?? name
  const count = read(`src/${step.file}`).match(new RegExp(`(?<![\\w#])${called}\\b`, 'g'))?.length ?? 0
  return count > (step.file === file ? 1 : 0)
}
