import { expect, it } from 'vitest'
import { blacklist } from '../../functions/blacklist.ts'
import { driven, records } from '../support/driven.ts'

const VISITS = ['alice /a', 'mallory /b', 'trent /c', 'alice /d', 'mallory /e']

it.each([1, 3])('leaves out who is blocked, in all three ways, over %i partitions', async (count) => {
  const visits = driven(blacklist, { partitions: { visits: count } })
  const parts = Array.from({ length: count }, (_, i) => VISITS.filter((_, at) => at % count === i))
  await visits.deliver(...parts.map((some, i) => records(`visits-${i}`, some, { at: 500 })))
  await visits.deliver(records('visits-0', ['mallory /f'], { at: 61_000 }))
  await visits.rest()
  const seen = async (output: string) =>
    (await visits.text(output)).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  const byPage = (a: { page: string }, b: { page: string }) => (a.page < b.page ? -1 : 1)
  expect((await seen('visits-by-join')).sort(byPage)).toEqual([
    { user: 'alice', page: '/a' },
    { user: 'trent', page: '/c', reason: 'trial' },
    { user: 'alice', page: '/d' },
  ])
  expect((await seen('visits-by-filter')).sort(byPage)).toEqual([
    { user: 'alice', page: '/a' },
    { user: 'alice', page: '/d' },
  ])
  expect((await seen('visits-by-sql')).sort(byPage)).toEqual([
    { user: 'alice', page: '/a', reason: null },
    { user: 'trent', page: '/c', reason: 'trial' },
    { user: 'alice', page: '/d', reason: null },
  ])
  expect((await visits.closed()).sort()).toEqual(
    ['5000', '65000'].flatMap((time) => ['filter', 'join', 'sql'].map((way) => `visits-by-${way}-${time}`)).sort(),
  )
})
