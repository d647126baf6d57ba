import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DStream, MappedStream } from '../../src/stream/dstream.ts'

/** What the class bodies define and users do not see (`@internal`). */
const INTERNAL = new Set(['constructor', 'derive', 'through'])

function methodsOf(type: { readonly prototype: object }): string[] {
  const names: string[] = []
  for (let at: object = type.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at))
  }
  return [...new Set(names)].filter((name) => !INTERNAL.has(name)).sort()
}

describe('the report of the public surface', () => {
  const report = readFileSync('docs/api/millrace.api.md', 'utf8')

  it('has every operator, those of base classes included', () => {
    const methods = methodsOf(MappedStream)
    expect(methods.length).toBeGreaterThanOrEqual(methodsOf(DStream).length)
    expect(methods).toContain('reduceByKeyAndWindow')
    expect(methods.filter((name) => !new RegExp(`^ {4}${name}[<(]`, 'm').test(report))).toEqual([])
  })
})
