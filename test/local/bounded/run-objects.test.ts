// What a bounded run publishes: whole batches, and nothing over what is there and says something else.

import { describe, expect, it } from 'vitest'
import { runObjects } from '../../../src/local/bounded/run-objects.ts'
import { memoryObjects } from '../../../src/stores/memory-objects.ts'
import { readObjects } from '../../../src/testing/memory-environment.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (body: Uint8Array): string[] => new TextDecoder().decode(body).trimEnd().split('\n')
const ref = (key: string) => ({ bucket: 'results', key })

function objects({ replace = false } = {}) {
  const target = memoryObjects()
  const published: string[] = []
  const store = runObjects({
    holding: memoryObjects(),
    target,
    placeOf: ({ bucket, key }) => ({ bucket: 'out', key: `${bucket}/${key}` }),
    places: [{ bucket: 'results', prefix: 'copy', suffix: undefined, read }],
    replace,
    onPublished: ({ folder, how, objects: count }) => published.push(`${how} ${folder} ${count}`),
  })
  return {
    store,
    published,
    there: async () => Object.fromEntries(await readObjects(target, 'out')),
    given: async (files: Record<string, string>) => {
      for (const [key, text] of Object.entries(files))
        await target.put({ bucket: 'out', key: `results/${key}` }, bytes(text))
    },
    publish: async (parts: Record<string, string>, time = 1000) => {
      for (const [name, text] of Object.entries(parts)) await store.put(ref(`copy-${time}/${name}`), bytes(text))
      await store.put(ref(`copy-${time}/_SUCCESS`), new Uint8Array())
    },
  }
}

describe('a batch', () => {
  it('shows when it is complete, and not before', async () => {
    const { store, there, published } = objects()
    await store.put(ref('copy-1000/part-a'), bytes('a\n'))
    const staged = await store.stage(ref('copy-1000/part-b'), bytes('b\n'))
    await store.complete(staged)
    expect(await there()).toEqual({})
    await store.put(ref('copy-1000/_SUCCESS'), new Uint8Array())
    expect(await there()).toEqual({
      'results/copy-1000/_SUCCESS': '',
      'results/copy-1000/part-a': 'a\n',
      'results/copy-1000/part-b': 'b\n',
    })
    expect(published).toEqual(['written s3://out/results/copy-1000/ 2'])
  })

  it('may be published again by who does not know', async () => {
    const { store, there, published, publish } = objects()
    await publish({ 'part-a': 'a\n' })
    await publish({ 'part-a': 'a\n' })
    expect([published.length, Object.keys(await there()).length]).toEqual([1, 2])
    expect(await store.exists(ref('copy-1000/part-a'))).toBe(true)
    expect(await store.exists(ref('copy-2000/part-a'))).toBe(false)
  })

  it('that is there already is left', async () => {
    const { given, publish, published } = objects()
    await given({ 'copy-1000/part-a': 'a\n', 'copy-1000/_SUCCESS': '' })
    await publish({ 'part-a': 'a\n' })
    expect(published).toEqual(['alike s3://out/results/copy-1000/ 0'])
  })

  it('that is there in other parts with the same contents is left', async () => {
    const { given, publish, published, there } = objects()
    await given({ 'copy-1000/part-0': 'a\n', 'copy-1000/part-1': 'b\n', 'copy-1000/_SUCCESS': '' })
    await publish({ 'part-0': 'a\nb\n' })
    expect(published).toEqual(['alike s3://out/results/copy-1000/ 0'])
    expect((await there())['results/copy-1000/part-0']).toBe('a\n')
  })

  it('that a run before has begun to publish is finished', async () => {
    const { given, publish, published, there } = objects()
    await given({ 'copy-1000/part-a': 'a\n' })
    await publish({ 'part-a': 'a\n', 'part-b': 'b\n' })
    expect(published).toEqual(['written s3://out/results/copy-1000/ 1'])
    expect(Object.keys(await there())).toHaveLength(3)
  })

  it.each([
    ['other contents', { 'part-a': 'x\n', _SUCCESS: '' }, 'it holds other results of this batch, such as part-a'],
    [
      'more',
      { 'part-a': 'a\n', 'part-z': 'z\n', _SUCCESS: '' },
      'it holds other results of this batch, such as part-z',
    ],
    ['less, and complete', { _SUCCESS: '' }, 'it holds other results of this batch, such as part-a'],
    ['parts of a live job', { 'part-live': 'a\n' }, 'that this run does not have, such as part-live, and no _SUCCESS'],
  ])('is refused over %s, and nothing is changed', async (_, files, message) => {
    const { given, publish, there } = objects()
    await given(Object.fromEntries(Object.entries(files).map(([name, text]) => [`copy-1000/${name}`, text ?? ''])))
    const before = await there()
    await expect(publish({ 'part-a': 'a\n' })).rejects.toMatchObject({ code: 'OBJECTS_DIFFER' })
    await expect(publish({ 'part-a': 'a\n' })).rejects.toThrow(message)
    expect(await there()).toEqual(before)
  })

  it('replaces what is there when it is told to', async () => {
    const { given, publish, published, there } = objects({ replace: true })
    await given({ 'copy-1000/part-a': 'x\n', 'copy-1000/part-z': 'z\n', 'copy-1000/_SUCCESS': '' })
    await publish({ 'part-a': 'a\n' })
    expect(published).toEqual(['replaced s3://out/results/copy-1000/ 1'])
    expect(await there()).toEqual({ 'results/copy-1000/_SUCCESS': '', 'results/copy-1000/part-a': 'a\n' })
  })
})

describe('other objects', () => {
  it('of the run itself stay with it', async () => {
    const { store, there } = objects()
    await store.put(ref('_millrace/snapshots/x/1'), bytes('state'))
    expect(await there()).toEqual({})
    expect(await store.get(ref('_millrace/snapshots/x/1'))).toEqual(bytes('state'))
  })

  it('that were set aside show at once, and replace nothing', async () => {
    const { store, there } = objects()
    const aside = ref('_millrace/quarantine/copy/lines-0-1.ndjson')
    await store.put(aside, bytes('bad\n'))
    await store.put(aside, bytes('bad\n'))
    expect(await there()).toEqual({ 'results/_millrace/quarantine/copy/lines-0-1.ndjson': 'bad\n' })
    await expect(store.put(aside, bytes('other\n'))).rejects.toMatchObject({ code: 'OBJECTS_DIFFER' })
  })
})
