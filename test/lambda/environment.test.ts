// The environment of a deployed job, from environment variables that the plugin sets.

import { describe, expect, it } from 'vitest'
import { environmentFromVariables } from '../../src/lambda/environment.ts'

const variables = {
  MILLRACE_TABLE: 'table',
  MILLRACE_BUCKET: 'bucket',
  MILLRACE_WAKE: 'watched',
  AWS_REGION: 'eu-central-1',
}

describe('the environment from variables', () => {
  it('has what they say, and defaults', () => {
    const environment = environmentFromVariables({
      ...variables,
      AWS_LAMBDA_FUNCTION_NAME: 'my-function',
      MILLRACE_CODE: 'abc',
      MILLRACE_PARTITIONS: 'lines=4, my-topic.x=12,',
    })
    expect(environment).toMatchObject({ bucket: 'bucket', owner: 'my-function', code: 'abc' })
    expect([...environment.partitions]).toEqual([
      ['lines', 4],
      ['my-topic.x', 12],
    ])
    const bare = environmentFromVariables(variables)
    expect(bare).toMatchObject({ owner: 'local', code: 'unversioned', partitions: new Map() })
    expect(bare.instance).not.toBe(environment.instance)
  })

  it.each([
    ['MILLRACE_TABLE', 'the DynamoDB table that holds state'],
    ['MILLRACE_BUCKET', "the bucket for what is Millrace's own"],
  ])('needs %s, and says what it is', (name, meaning) => {
    expect(() => environmentFromVariables({ ...variables, [name]: undefined })).toThrow(
      `The environment variable ${name} is not set: it names ${meaning}`,
    )
    expect(() => environmentFromVariables({ ...variables, [name]: '' })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })

  it('needs a queue unless wake-ups are watched', () => {
    expect(() => environmentFromVariables({ ...variables, MILLRACE_WAKE: undefined })).toThrow(
      'MILLRACE_WAKE_QUEUE_URL is not set: it names the SQS queue of wake-ups',
    )
  })

  it.each(['lines', 'lines=', 'lines=0', 'lines=-1', 'lines=four', '=4', 'lines=1.5'])(
    'refuses partitions %o',
    (MILLRACE_PARTITIONS) => {
      expect(() => environmentFromVariables({ ...variables, MILLRACE_PARTITIONS })).toThrow(
        `MILLRACE_PARTITIONS: '${MILLRACE_PARTITIONS}' is not of the form topic=4.`,
      )
    },
  )
})
