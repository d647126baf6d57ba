// What LocalStack does not do by itself: large objects of one instance are no other's, and Retain retains.

import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation'
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterEach, expect, inject, test } from 'vitest'
import { type LocalStack, startLocalStack } from '../../../infra/localstack.ts'

const missing = 'missing' in inject('services').localstack
const running: LocalStack[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

async function start() {
  const localstack = await startLocalStack()
  running.push(localstack)
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const options = { endpoint: localstack.endpoint, region: 'us-east-1', credentials }
  return {
    localstack,
    s3: new S3Client({ ...options, forcePathStyle: true }),
    stacks: new CloudFormationClient(options),
  }
}

test.skipIf(missing)('a reset of one instance leaves large objects of another alone', async () => {
  const [one, other] = await Promise.all([start(), start()])
  const Body = Buffer.alloc(2_000_000, 'x')
  for (const { s3 } of [one, other]) {
    await s3.send(new CreateBucketCommand({ Bucket: 'large' }))
    await s3.send(new PutObjectCommand({ Bucket: 'large', Key: 'object', Body }))
  }
  await other.localstack.reset()
  const { Body: found } = await one.s3.send(new GetObjectCommand({ Bucket: 'large', Key: 'object' }))
  expect(Buffer.from((await found?.transformToByteArray()) ?? []).equals(Body)).toBe(true)
  await one.s3.send(new PutObjectCommand({ Bucket: 'large', Key: 'another', Body }))
})

test.skipIf(missing)('DeletionPolicy: Retain keeps what a stack leaves behind, and nothing else', async () => {
  const { s3, stacks } = await start()
  const bucket = (name: string, policy?: string) => ({
    Type: 'AWS::S3::Bucket',
    Properties: { BucketName: name },
    ...(policy && { DeletionPolicy: policy }),
  })
  const Resources = { Kept: bucket('kept', 'Retain'), Gone: bucket('gone'), Deleted: bucket('deleted', 'Delete') }
  const StackName = 'retains'
  await stacks.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources }) }))
  await waitUntilStackCreateComplete({ client: stacks, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }, { StackName })
  await stacks.send(new DeleteStackCommand({ StackName }))
  await waitUntilStackDeleteComplete({ client: stacks, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }, { StackName })
  await s3.send(new HeadBucketCommand({ Bucket: 'kept' }))
  for (const Bucket of ['gone', 'deleted']) {
    await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' })
  }
})
