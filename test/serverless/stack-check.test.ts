import { describe, expect, test } from 'vitest'
import type { DeployedResources } from '../../src/serverless/deployed-template.ts'
import { resourcesOf } from '../../src/serverless/resources.ts'
import { checkStack } from '../../src/serverless/stack-check.ts'
import { deployment, describedJob, topics } from './sample.ts'

type Sample = Parameters<typeof deployment>[0]
const stack = (sample: Sample = {}): DeployedResources =>
  resourcesOf(deployment(sample), () => ({ name: 'f', arn: 'arn', dependsOn: [] }))
const reading = (...names: string[]): Sample => ({
  jobs: { words: describedJob('words', { feeds: topics(...names) }) },
})

test('the first deployment, and the same again, are nothing to talk about', () => {
  expect(checkStack({}, stack(), [])).toEqual({ changes: [], warnings: [] })
  expect(checkStack(stack(), stack(), [])).toEqual({ changes: [], warnings: [] })
})

describe('refused', () => {
  test('a mapping that would begin elsewhere: AWS makes the new one before it deletes this one', () => {
    const latest = stack({ mapping: { startingPosition: 'LATEST' } })
    expect(() => checkStack(stack(), latest, [])).toThrow(
      /topic lines begins at TRIM_HORIZON, and would begin at LATEST.*Put it back.*millrace offsets/s,
    )
    const at = (startingPositionTimestamp: number) =>
      stack({ mapping: { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp } })
    expect(() => checkStack(at(1_700_000_000), at(1_700_000_001), [])).toThrow(
      /AT_TIMESTAMP 1700000000, and would begin at AT_TIMESTAMP 1700000001/,
    )
    expect(() => checkStack(stack(), latest, [])).toThrow(expect.objectContaining({ code: 'STACK_CHANGE_REFUSED' }))
  })

  test('a table with its state that CloudFormation would delete, unless that is accepted', () => {
    const before = stack({ millrace: { onRemove: 'delete' } })
    const after = stack({ millrace: { onRemove: 'delete', state: 'external' } })
    expect(() => checkStack(before, after, [])).toThrow(
      /shop-dev-millrace \(MillraceTable\) would be deleted.*--accept MillraceTable/s,
    )
    expect(checkStack(before, after, ['MillraceTable']).changes).toEqual([])
  })
})

describe('said', () => {
  test('what is kept without a stack that knows of it', () => {
    const { warnings } = checkStack(stack(), stack({ millrace: { state: 'external', buckets: 'external' } }), [])
    expect(warnings).toHaveLength(3)
    expect(warnings[0]).toMatch(/shop-dev-millrace \(MillraceTable\) is kept, and is not part of the stack any more/)
  })

  test('topics that come and go', () => {
    const { changes } = checkStack(stack(reading('a', 'b')), stack(reading('b', 'c')), [])
    expect(changes).toEqual([
      expect.stringMatching(/^- topic a: read no more/),
      expect.stringMatching(/^\+ topic c: read from TRIM_HORIZON on/),
    ])
  })

  test('another cluster, or another address of the same', () => {
    const other = stack({ millrace: { kafka: { bootstrapServers: ['b-9:9092'] } } })
    expect(checkStack(stack(), other, []).warnings).toEqual([
      expect.stringMatching(/topic lines will be replaced: SelfManagedEventSource from .*b-1:9092.* to .*b-9:9092/),
    ])
  })
})
