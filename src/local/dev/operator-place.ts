// Where an operator stands in the user's sources, by what an error calls it. What is refused where a value travels is found by the
// runtime, after the user's function has returned: no frame of the trace is the user's.

import { readFileSync } from 'node:fs'
/** A place in the user's code. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Methods that make an operator of another name. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  combineByKey: [
    'combineByKey',
    'reduceByKey',
    'groupByKey',
    'countByValue',
    'reduceByKeyAndWindow',
    'groupByKeyAndWindow',
  ],
  inverseWindow: ['reduceByKeyAndWindow', 'reduceByWindow', 'countByWindow', 'countByValueAndWindow'],
  cogroup: ['cogroup', 'join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin'],
}

/** `for updateStateByKey(lines), of key …`, `(for map)`, `The operator on pairs combineByKey(lines) got …`. */
const NAMED = /\b(?:for|operator on pairs) ([A-Za-z_][\w-]*)(?=[(),.:\s])/g

/** Where the operators that a message names may be: where one of their methods is called, or their id is given. */
export function operatorPlaces(message: string, sources: readonly string[]): Place[] {
  const names = new Set([...message.matchAll(NAMED)].map(([, name = '']) => name))
  return sources.flatMap((file) => {
    const text = read(file)
    return [...names].flatMap((name) => {
      const methods = (METHODS[name] ?? [name]).join('|')
      const calls = new RegExp(`(?<=\\.)(?:${methods})\\s*[<(]|(?<=\\bid: *)(['"\`])${name}\\1`, 'g')
      return [...text.matchAll(calls)].map(({ index }) => placeAt(file, text, index))
    })
  })
}

function placeAt(file: string, text: string, index: number): Place {
  const before = text.slice(0, index).split('\n')
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
