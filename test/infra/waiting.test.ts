import { expect, it } from 'vitest'
import { Waiting } from '../../infra/waiting.ts'

it('says what takes long, first after a while, then whenever it has taken twice as long', () => {
  const said: string[] = []
  const waiting = new Waiting((line) => said.push(line), 100)
  waiting.begin('a', 0)
  waiting.begin('b', 50)
  for (let now = 0; now <= 500; now += 50) {
    if (now === 300) waiting.end('b')
    waiting.look(now)
  }
  expect(said).toEqual([
    'waiting for a (0 s so far)',
    'waiting for b (0 s so far)',
    'waiting for a (0 s so far)',
    'waiting for b (0 s so far)',
    'waiting for a (0 s so far)',
  ])
  waiting.onTestRunEnd()
})
