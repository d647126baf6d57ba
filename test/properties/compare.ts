// Whether what a job has published is what the reference says, batch by batch: as multisets of lines, with `_SUCCESS` where a batch
// is closed, what was printed, and what a `foreachRDD` was called with.

import { nameOf } from './build-job.ts'
import type { Element } from './functions.ts'
import type { JobAst } from './job-ast.ts'
import { promisesOf } from './pause-promise.ts'
import type { Expected } from './reference.ts'
import type { JobRun } from './run-job.ts'

/** What Spark's `saveAsTextFiles` writes of an element. */
function lineOf(element: Element): string {
  return typeof element === 'object' ? `(${element[0]},${element[1]})` : String(element)
}

interface Batch {
  readonly lines: string[]
  closed: boolean
}

/** The differences, in words; none when all is well. */
export function differences(
  ast: JobAst,
  run: Pick<JobRun, 'objects' | 'printed' | 'told' | 'until'>,
  expected: Expected,
): string[] {
  const found: string[] = []
  const promises = promisesOf(ast.nodes)
  const data = new Set(expected.dataTimes)
  const published = publishedBatches(run.objects)

  for (const node of ast.saved) {
    const batches = published.get(nameOf(node)) ?? new Map<number, Batch>()
    for (const time of batches.keys()) {
      if (expected.contents(node, time) === undefined && time <= run.until)
        found.push(`#${node} has a batch at ${time}`)
    }
    for (const time of expected.times) compareBatch(node, time, batches.get(time))
  }
  if (ast.printed !== undefined) comparePrints(ast.printed)
  if (ast.told !== undefined) compareCalls(ast.told)
  return found

  function compareBatch(node: number, time: number, batch: Batch | undefined, how = ''): void {
    const contents = expected.contents(node, time)
    if (contents === undefined) return
    const what = `${how}#${node} at ${time}${data.has(time) ? '' : ' (no data)'}`
    const wanted = contents.map(lineOf).sort()
    const actual = (batch?.lines ?? []).toSorted()
    if (actual.length > 0 && !batch?.closed) found.push(`${what} is not closed`)
    if (data.has(time) && !batch?.closed) found.push(`${what} has data and is not closed`)
    const promised = ast.idle === 'run' || data.has(time) ? 'always' : (promises[node] ?? 'never')
    if (promised === 'always' && !isSame(actual, wanted))
      found.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`)
    if (promised === 'part' && !isPart(actual, wanted))
      found.push(`${what}: ${JSON.stringify(actual)} is more than ${JSON.stringify(wanted)}`)
  }

  /** Printing is at least once, but always the same. */
  function comparePrints(node: number): void {
    const texts = new Map<number, Set<string>>()
    for (const text of run.printed) {
      const time = Number(/^-+\nTime: (\d+) ms$/m.exec(text)?.[1])
      texts.set(time, (texts.get(time) ?? new Set<string>()).add(text))
    }
    for (const [time, some] of texts) if (some.size > 1) found.push(`different prints at ${time}`)
    for (const time of expected.times) {
      const [text] = texts.get(time) ?? []
      const lines = text?.split('\n').slice(3, -1) ?? []
      compareBatch(node, time, text === undefined ? undefined : { lines, closed: true }, 'printed ')
    }
  }

  /** Calls are at least once, the same in every try, and no batch is begun before those before it are done. */
  function compareCalls(node: number): void {
    const calls = new Map<number, string[]>()
    for (const { time, elements } of run.told) {
      const lines = elements.map(lineOf)
      const before = calls.get(time)
      if (before && !isSame(before, lines)) found.push(`told #${node} at ${time} is not the same in every try`)
      const last = [...calls.keys()].at(-1) ?? time
      if (!before && time < last) found.push(`told #${node} at ${time} comes after ${last}`)
      calls.set(time, lines)
    }
    for (const time of expected.times) {
      const lines = calls.get(time)
      compareBatch(node, time, lines && { lines, closed: true }, 'told ')
    }
  }
}

/** By name and batch time what the objects hold. */
function publishedBatches(objects: ReadonlyMap<string, string>): Map<string, Map<number, Batch>> {
  const published = new Map<string, Map<number, Batch>>()
  for (const [key, body] of objects) {
    const [, name = '', time, part] = /^(.*)-(\d+)\/(.*)$/.exec(key) ?? []
    const batches = published.get(name) ?? new Map<number, Batch>()
    published.set(name, batches)
    const batch = batches.get(Number(time)) ?? { lines: [], closed: false }
    batches.set(Number(time), batch)
    if (part === '_SUCCESS') batch.closed = true
    else batch.lines.push(...body.split('\n').slice(0, -1))
  }
  return published
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i])
}

/** Whether everything in `a` is in `b`, as often. */
function isPart(a: readonly string[], b: readonly string[]): boolean {
  const left = [...b]
  return a.every((line) => {
    const index = left.indexOf(line)
    if (index >= 0) left.splice(index, 1)
    return index >= 0
  })
}
