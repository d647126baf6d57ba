import { expect, it } from 'vitest'
import { Mutex } from '../../src/runtime/mutex.ts'

it('runs one after the other, in the order of the calls, whatever fails', async () => {
  const mutex = new Mutex()
  const seen: string[] = []
  const all = ['a', 'b', 'c'].map((name) =>
    mutex.run(async () => {
      seen.push(`${name} begins`)
      await Promise.resolve()
      seen.push(`${name} ends`)
      if (name === 'b') throw new Error('b fails')
    }),
  )
  const outcomes = await Promise.allSettled(all)
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

it('does not wait when asked to try: it runs at once, or not at all', async () => {
  const mutex = new Mutex()
  const first = mutex.run(async () => 'first')
  expect(mutex.tryRun(async () => 'meanwhile')).toBeUndefined()
  expect(await first).toBe('first')
  await expect(mutex.run(() => Promise.reject(new Error('fails')))).rejects.toThrow('fails')
  expect(await mutex.tryRun(async () => 'afterwards')).toBe('afterwards')
})
