// functions/recommend.ts: profiles are those of a recount, and go half an hour after the last view.

import { expect, it } from 'vitest'
import { RECOMMEND } from '../../demo/programs/recommend.ts'
import { recommendations, type View } from '../../functions/recommend.ts'
import { testStream } from '../../src/testing/index.ts'
import { batched, WAYS, wrongIn } from './streamed.ts'

const viewOf = (line: string): View => JSON.parse(line)

it.each(WAYS)('recommends what users have viewed most, and forgets who stays away: %j', async (how) => {
  const { placed, values } = batched(RECOMMEND)
  const inputs: [View[][]] = [values.map((some) => some.map(viewOf))]
  const batches = values.length + 32 // until everybody has gone
  const results = await testStream({ batch: RECOMMEND.batch, inputs, batches, ...how }, recommendations)
  expect(wrongIn('recommendations', RECOMMEND, placed, results)).toEqual([])
  expect(results.flat().filter(({ gone }) => gone).length).toBeGreaterThan(40)
})

it('says a user once per batch, the most viewed pages first, and of equals the first by name', async () => {
  const views = ['/b', '/a', '/c', '/c', '/d'].map((page) => ({ user: 'ann', page }))
  const inputs: [View[][]] = [[views, [{ user: 'ann', page: '/d' }]]]
  expect(await testStream({ batch: '10s', inputs }, recommendations)).toEqual([
    [{ user: 'ann', pages: ['/c', '/a', '/b'], gone: false }],
    [{ user: 'ann', pages: ['/c', '/d', '/a'], gone: false }],
  ])
})

it('begins anew with who comes back after half an hour', async () => {
  const view = (page: string) => [{ user: 'ann', page }]
  const inputs: [View[][]] = [[view('/old'), [], [], [], view('/new')]]
  expect(await testStream({ batch: '10m', inputs, restart: 'every-batch' }, recommendations)).toEqual([
    [{ user: 'ann', pages: ['/old'], gone: false }],
    [],
    [],
    [],
    [{ user: 'ann', pages: ['/new', '/old'], gone: false }], // half an hour is over at the end of this batch, not before
  ])
})
