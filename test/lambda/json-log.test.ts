// What a function logs: one line of JSON each, as pino writes them.

import { describe, expect, it } from 'vitest'
import { jsonLog } from '../../src/lambda/json-log.ts'

function logged(level: string, chunk = Number.POSITIVE_INFINITY) {
  let text = ''
  const log = jsonLog(level, (bytes, at) => {
    const part = bytes.subarray(at, at + chunk)
    text += Buffer.from(part).toString('latin1')
    return part.length
  })
  const lines = (): Record<string, unknown>[] =>
    Buffer.from(text, 'latin1')
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return { log, lines }
}

describe('the log of a function', () => {
  it('has level, time, facts and message, one line each', () => {
    const { log, lines } = logged('info')
    log.info({ task: 'lines-0', version: 7, nothing: undefined }, 'state\nloaded')
    log.warn({ offset: 9n }, 'hm')
    log.error({ code: 'LOG_LOST' }, 'no')
    expect(lines()).toEqual([
      { level: 30, time: expect.any(Number), task: 'lines-0', version: 7, msg: 'state\nloaded' },
      { level: 40, time: expect.any(Number), offset: '9', msg: 'hm' },
      { level: 50, time: expect.any(Number), code: 'LOG_LOST', msg: 'no' },
    ])
  })

  it.each([
    ['debug', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ])('of level %s has %i of three lines', (level, count) => {
    const { log, lines } = logged(level)
    log.info({}, 'a')
    log.warn({}, 'b')
    log.error({}, 'c')
    expect(lines()).toHaveLength(count)
  })

  it('refuses a level that there is not', () => {
    expect(() => jsonLog('loud')).toThrow("MILLRACE_LOG_LEVEL: 'loud' is none of trace, debug, info")
  })

  it('is whole when the pipe takes a few bytes at a time, or none for a while', () => {
    const { log, lines } = logged('info', 3)
    log.info({ key: 'Köln' }, 'short writes')
    expect(lines()).toMatchObject([{ key: 'Köln', msg: 'short writes' }])
    let full = true
    let written = 0
    jsonLog('info', (bytes, at) => {
      if (full) {
        full = false
        throw Object.assign(new Error('full'), { code: 'EAGAIN' })
      }
      written += bytes.length - at
      return bytes.length - at
    }).info({}, 'waits')
    expect(written).toBeGreaterThan(0)
  })

  it('stops nothing, whatever the facts are and whether or not anybody reads', () => {
    const { log, lines } = logged('info')
    const circle: Record<string, unknown> = {}
    circle.self = circle
    log.info(circle, 'round')
    expect(lines()).toMatchObject([{ msg: 'round', unwritable: expect.stringContaining('circular') }])
    const broken = jsonLog('info', () => {
      throw Object.assign(new Error('nobody reads'), { code: 'EPIPE' })
    })
    expect(() => broken.info({}, 'unheard')).not.toThrow()
  })
})
