// An error as a block: what it says, and the line of the user's own code where it happened, which is in the trace somewhere, mapped to
// the source by the worker (--enable-source-maps).

import { readFileSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { InvokeFailure } from '../invoker/invoker.ts'
import { operatorPlaces, type Place } from './operator-place.ts'

/** Millrace's own code, wherever it runs from. */
const OURS = ['src', 'dist'].map((folder) => resolve(import.meta.dirname, '../../..', folder) + sep)

/** More of them help nobody. */
const MOST_PLACES = 5

/** Lines before and after the one that is meant. */
const AROUND = [2, 1] as const

/** @param sources of the user's, where operators are looked for when no frame of the trace is the user's */
export function describeProblem(
  { errorType, errorMessage, trace = [] }: InvokeFailure,
  cwd = process.cwd(),
  sources: readonly string[] = [],
): string[] {
  const lines = errorMessage.split('\n').map((line, i) => (i === 0 ? `✘ ${errorType}: ${line}` : `  ${line}`))
  const place = userPlace(trace)
  const [first, ...others] = place ? [place] : operatorPlaces(errorMessage, sources)
  if (!first) return lines
  if (others.length === 0) return [...lines, ...excerpt(first, cwd)]
  return [
    ...lines,
    `    in one of ${[first, ...others]
      .slice(0, MOST_PLACES)
      .map((one) => named(one, cwd))
      .join(', ')}`,
  ]
}

/** Why a module is not run. A trace in it becomes the line of the user's own code, if it has one. */
export function describeRefusal(module: string, problem: string, cwd = process.cwd()): string[] {
  const named = [' ', ':'].some((next) => problem.startsWith(module + next))
  const [first = '', ...rest] = `✘ ${named ? problem : `${module} ${problem}`}`.split('\n')
  const place = userPlace(rest)
  if (!place) return [first, ...rest]
  return [first, ...rest.filter((line) => !/^\s+at /.test(line)), ...excerpt(place, cwd)]
}

/** The innermost frame that is neither Node's nor ours nor a package's; of the error at the bottom, if there are causes. */
export function userPlace(trace: readonly string[]): Place | undefined {
  const last = trace.findLastIndex((line) => line.startsWith('Caused by: '))
  return [trace.slice(last + 1), trace.slice(0, last + 1)].flatMap((lines) => lines.flatMap(placeOf))[0]
}

/** Files of a bundle that are the user's own. */
export function userSources(files: readonly string[]): string[] {
  return files.filter(isOwn)
}

const isOwn = (file: string): boolean =>
  !file.includes('node_modules') && !OURS.some((folder) => file.startsWith(folder))

function placeOf(frame: string): Place[] {
  const [, where = '', line, column] = /^\s+at (?:.*\()?(.+?):(\d+):(\d+)\)?$/.exec(frame) ?? []
  if (where === '' || where.startsWith('node:')) return []
  const file = where.startsWith('file:') ? fileURLToPath(where) : where
  if (!isOwn(file)) return []
  return [{ file, line: Number(line), column: Number(column) }]
}

function named({ file, line, column }: Place, cwd: string): string {
  const near = relative(cwd, file)
  return `${near.startsWith('..') ? file : near}:${line}:${column}`
}

function excerpt(place: Place, cwd: string): string[] {
  const { file, line } = place
  const head = `    at ${named(place, cwd)}`
  let source: string[]
  try {
    source = readFileSync(file, 'utf8').split('\n')
  } catch {
    return [head]
  }
  const from = Math.max(1, line - AROUND[0])
  const shown = source.slice(from - 1, line + AROUND[1])
  const width = String(line + AROUND[1]).length
  return [
    head,
    ...shown.map((text, i) => {
      const number = from + i
      return `  ${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${text}`
    }),
  ]
}
