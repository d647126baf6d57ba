// Keys of a raw terminal, and a line that is typed.

import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { Keys } from '../../../src/local/dev/keys.ts'

class Tty extends EventEmitter {
  isTTY = true
  raw = false
  setRawMode(raw: boolean): void {
    this.raw = raw
  }
  pause(): void {}
  resume(): void {}
  type(text: string): void {
    this.emit('data', Buffer.from(text))
  }
}

function session(input = new Tty()) {
  const happened: string[] = []
  const echoed: string[] = []
  const keys = new Keys(input, (text) => echoed.push(text))
  const hotkeys = ['p', 'q'].map((key) => ({ key, what: key, run: () => void happened.push(key) }))
  const listening = keys.listen(hotkeys, () => happened.push('interrupt'))
  return { input, keys, happened, echoed, listening }
}

it('runs what a key stands for, and passes over others', () => {
  const { input, happened } = session()
  input.type('pxq')
  input.type('\u001B[A')
  input.type('\u0003')
  expect(happened).toEqual(['p', 'q', 'interrupt'])
})

it('takes a line, in which keys are letters', async () => {
  const { input, keys, happened, echoed } = session()
  const line = keys.ask('value: ')
  input.type('pq!\u007F\r')
  input.type('p')
  expect(await line).toBe('pq')
  expect(happened).toEqual(['p'])
  expect(echoed.join('')).toBe('value: pq!\b \b\n')
})

it('gives a line up on Ctrl-C', async () => {
  const { input, keys, happened } = session()
  const line = keys.ask('value: ')
  input.type('a\u0003')
  expect(await line).toBeUndefined()
  expect(happened).toEqual([])
})

it('gives the terminal back', () => {
  const { input, keys, happened } = session()
  expect(input.raw).toBe(true)
  keys.close()
  expect(input.raw).toBe(false)
  input.type('p')
  expect(happened).toEqual([])
})

it('does without a terminal', () => {
  const input = new Tty()
  input.isTTY = false
  expect(session(input).listening).toBe(false)
})

it('shows what a key could not do, and goes on', async () => {
  const input = new Tty()
  const echoed: string[] = []
  const keys = new Keys(input, (text) => echoed.push(text))
  const run = async (): Promise<void> => {
    throw new Error('no broker')
  }
  keys.listen([{ key: 'p', what: 'produce a sample', run }], () => {})
  input.type('p')
  await new Promise(setImmediate)
  input.type('p')
  await new Promise(setImmediate)
  expect(echoed).toEqual(Array(2).fill('✘ produce a sample: Error: no broker\n'))
})
