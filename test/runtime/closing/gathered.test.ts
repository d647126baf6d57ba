import { expect, it } from 'vitest'
import { Gathered } from '../../../src/runtime/closing/gathered.ts'

it('does once what is asked for before it begins, and again for who comes later', async () => {
  const done: string[][] = []
  const gates: (() => void)[] = []
  const gathered = new Gathered(async (begin) => {
    await new Promise<void>((open) => gates.push(open))
    const names = [...begin()]
    await new Promise<void>((open) => gates.push(open))
    done.push(names)
  })
  const first = [gathered.add('a'), gathered.add('b'), gathered.add('a')]
  gates.shift()?.()
  await expect.poll(() => gates.length).toBe(1)
  const late = gathered.add('c')
  gates.shift()?.()
  await Promise.all(first)
  expect(done).toEqual([['a', 'b']])
  await expect.poll(() => gates.length).toBe(1)
  gates.shift()?.()
  await expect.poll(() => gates.length).toBe(1)
  gates.shift()?.()
  await late
  expect(done).toEqual([['a', 'b'], ['c']])
})

it('fails for all that it was asked by, and not for the next', async () => {
  let broken = true
  const gathered = new Gathered(async (begin) => {
    await Promise.resolve()
    begin()
    if (broken) throw new Error('broken')
  })
  const both = await Promise.allSettled([gathered.add('a'), gathered.add('b')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  broken = false
  await gathered.add('a')
})
