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
  it('has what they say, and defaults', async () => {
    const environment = await environmentFromVariables({
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
    const bare = await environmentFromVariables(variables)
    expect(bare).toMatchObject({ owner: 'local', code: 'unversioned', partitions: new Map() })
    expect(bare.instance).not.toBe(environment.instance)
  })

  it.each([
    ['MILLRACE_TABLE', 'the DynamoDB table that holds state'],
    ['MILLRACE_BUCKET', "the bucket for what is Millrace's own"],
  ])('needs %s, and says what it is', async (name, meaning) => {
    await expect(environmentFromVariables({ ...variables, [name]: undefined })).rejects.toThrow(
      `The environment variable ${name} is not set: it names ${meaning}`,
    )
    await expect(environmentFromVariables({ ...variables, [name]: '' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  it('needs a queue unless wake-ups are watched', async () => {
    await expect(environmentFromVariables({ ...variables, MILLRACE_WAKE: undefined })).rejects.toThrow(
      'MILLRACE_WAKE_QUEUE_URL is not set: it names the SQS queue of wake-ups',
    )
  })

  it.each(['lines', 'lines=', 'lines=0', 'lines=-1', 'lines=four', '=4', 'lines=1.5'])(
    'refuses partitions %o',
    async (MILLRACE_PARTITIONS) => {
      await expect(environmentFromVariables({ ...variables, MILLRACE_PARTITIONS })).rejects.toThrow(
        `MILLRACE_PARTITIONS: '${MILLRACE_PARTITIONS}' is not of the form topic=4.`,
      )
    },
  )
})
