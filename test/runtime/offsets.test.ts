// Offsets that are missing, or that mean other records now, seen from the handler (I7).

import { describe, expect, it } from 'vitest'
import { copying, type Driven, driven, records } from '../support/driven.ts'

const before = records('lines-0', ['a', 'b'])
const after = records('lines-0', ['f'], { from: 5, at: 500 })

const own = (copy: Driven) => copy.published('', 'state')

describe('a hole in the offsets', () => {
  it('is an error that names it, also to a process that knows nothing', async () => {
    const copy = driven(copying())
    await copy.deliver(before)
    const message = expect.stringMatching(/task lines-0: offsets 2 to 4 \(3\) are missing\..*gaps.*holes/s)
    const expected = { code: 'OFFSET_GAP', from: 2, until: 5, message }
    await expect(copy.deliver(after)).rejects.toMatchObject(expected)
    await expect(copy.another().again()).rejects.toMatchObject(expected)
    expect(await copy.text()).toBe('a\nb\n')
  })

  it('inside of an event too', async () => {
    const copy = driven(copying())
    const some = copy.deliver(records('lines-0', ['a', { value: 'c', offset: 2, timestamp: 0 }]))
    await expect(some).rejects.toMatchObject({ code: 'OFFSET_GAP', from: 1, until: 2 })
    expect(await copy.text()).toBe('')
  })

  it("is not one at a task's beginning: the topic may start anywhere", async () => {
    const copy = driven(copying())
    await copy.deliver(after)
    expect(await copy.text()).toBe('f\n')
  })

  it("is passed over with gaps: 'skip', leaving no trace but the counter", async () => {
    const copy = driven(copying({}, { gaps: 'skip' }))
    await copy.deliver(before)
    await copy.deliver(after)
    expect(await copy.text()).toBe('a\nb\nf\n')
    expect(await own(copy)).toEqual({})
  })

  it("is written down with gaps: 'quarantine'", async () => {
    const copy = driven(copying({}, { gaps: 'quarantine' }))
    await copy.deliver(before)
    await copy.deliver(after)
    expect(await copy.text()).toBe('a\nb\nf\n')
    expect(await own(copy)).toEqual({
      '_millrace/quarantine/copy/lines-0-00000000000000000005.ndjson':
        '{"kind":"gap","task":"lines-0","from":2,"until":5}\n',
    })
  })

  it.each(['compacted', 'transactional', 'filtered'] as const)('is expected when holes: %o', async (holes) => {
    const copy = driven(copying({}, { holes, gaps: 'quarantine' }))
    await copy.deliver(before)
    await copy.deliver(after)
    expect(await copy.text()).toBe('a\nb\nf\n')
    expect(await own(copy)).toEqual({})
  })

  it('is no hole when another instance has gone on in between', async () => {
    const here = driven(copying())
    await here.deliver(before)
    await here.another().deliver(records('lines-0', ['c', 'd', 'e'], { at: 200 }))
    await here.deliver(after)
    expect(await here.text()).toBe('a\nb\nc\nd\ne\nf\n')
  })
})

describe('a topic that was deleted and made again', () => {
  const made = async (): Promise<Driven> => {
    const first = driven(copying())
    await first.deliver(before)
    return first.another()
  }

  it('shows by a duplicate that is younger than anything committed', async () => {
    const copy = await made()
    await expect(copy.deliver(records('lines-0', ['x'], { from: 0, at: 9000 }))).rejects.toMatchObject({
      code: 'TOPIC_RECREATED',
      message: expect.stringMatching(
        /task lines-0 seems to have been deleted and made again.*9000.*\(100\).*up to offset 2, and now sees offset 0/s,
      ),
    })
    expect(await copy.text()).toBe('a\nb\n')
  })

  it('shows by another timestamp at the last committed offset, even an earlier one', async () => {
    const copy = await made()
    const again = copy.deliver(records('lines-0', ['x', 'y'], { from: 0, at: 0, step: 50 }))
    await expect(again).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
  })

  it('is not seen in records that only come again', async () => {
    const copy = await made()
    await copy.again()
    await copy.another().deliver(records('lines-0', ['a', 'b', 'c'], { from: 0 }))
    expect(await copy.text()).toBe('a\nb\nc\n')
  })
})
