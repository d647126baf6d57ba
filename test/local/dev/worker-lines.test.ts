// What a worker writes, told apart.

import { expect, it } from 'vitest'
import { readWorkerLine } from '../../../src/local/dev/worker-lines.ts'

const log = (facts: object): string => JSON.stringify({ level: 30, time: 1, ...facts })

it('takes what the job prints as it is', () => {
  for (const text of ['(to,2)', '', '{"level":"high"}', '{"level":', '{"level":50}'])
    expect(readWorkerLine(text, 'stdout')).toEqual({ kind: 'printed', text })
})

it('passes over what Millrace says to logs, and what comes with the answer', () => {
  expect(readWorkerLine(log({ msg: 'bucket loaded' }), 'stdout')).toEqual({ kind: 'nothing' })
  expect(readWorkerLine(log({ level: 50, msg: 'partition failed', stack: 'x' }), 'stdout')).toEqual({ kind: 'nothing' })
})

it('shows warnings and errors in a line', () => {
  const line = log({
    level: 50,
    kind: 'wait',
    code: 'EFFECT_FAILED',
    attempt: 2,
    stack: 'at x',
    msg: 'an effect failed',
  })
  expect(readWorkerLine(line, 'stdout')).toEqual({
    kind: 'notice',
    level: 'error',
    text: 'an effect failed · code: EFFECT_FAILED · attempt: 2',
  })
})

it('knows where the debugger listens, and leaves out the rest that Node.js says of it', () => {
  const url = 'ws://127.0.0.1:9229/1f6c'
  expect(readWorkerLine(`Debugger listening on ${url}`, 'stderr')).toEqual({ kind: 'debugger', url })
  expect(readWorkerLine('Debugger attached.', 'stderr')).toEqual({ kind: 'nothing' })
})
