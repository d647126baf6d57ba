// Names with the account in them, while nobody is asked which account it is.

import { describe, expect, test } from 'vitest'
import { outputBucketId } from '../../src/serverless/deployment.ts'
import { statementsOf } from '../../src/serverless/permissions.ts'
import { ACCOUNT, foreseen, named, namedIn, standInsOf } from '../../src/serverless/pseudo-parameters.ts'
import { resourcesOf } from '../../src/serverless/resources.ts'
import { deployment, describedJob } from './sample.ts'

const REGION = 'eu-central-1'
const account = { Ref: 'AWS::AccountId' }

describe('what a variable will be', () => {
  test.each([
    ['a text', 'results', 'results'],
    ['a number', 5, '5'],
    ['the account', account, ACCOUNT],
    ['the region', { Ref: 'AWS::Region' }, REGION],
    ['a text with both', { 'Fn::Sub': `r-\${AWS::AccountId}-\${AWS::Region}` }, `r-${ACCOUNT}-${REGION}`],
    ['with variables', { 'Fn::Sub': [`\${A}-\${B}`, { A: 'a', B: account }] }, `a-${ACCOUNT}`],
    ['what only looks so', { 'Fn::Sub': `r-\${!AWS::AccountId}` }, `r-\${AWS::AccountId}`],
    ['joined', { 'Fn::Join': ['-', ['r', account]] }, `r-${ACCOUNT}`],
    ['another resource', { Ref: 'Topic' }, undefined],
    ['another resource in a text', { 'Fn::Sub': `r-\${Topic}` }, undefined],
    ['another resource, joined', { 'Fn::Join': ['-', ['r', { Ref: 'Topic' }]] }, undefined],
    ['another stack', { 'Fn::ImportValue': 'bucket' }, undefined],
    ['nothing', null, undefined],
  ])('%s', (_, value, text) => {
    expect(foreseen(value, REGION)).toBe(text)
  })

  test('elsewhere', () => {
    expect(foreseen({ Ref: 'AWS::Partition' }, 'cn-north-1')).toBe('aws-cn')
    expect(foreseen({ Ref: 'AWS::Partition' }, REGION)).toBe('aws')
  })
})

test('a bucket of the account is named by CloudFormation, and its permissions too', () => {
  const bucket = `results-${ACCOUNT}`
  const jobs = { words: describedJob('words', { outputs: [{ kind: 'objects', bucket, prefix: 'words' }] }) }
  const made = deployment({ jobs })
  const all = resourcesOf(made, () => ({ name: 'f', arn: 'arn', dependsOn: [] }))
  expect(all[outputBucketId(bucket)]?.Properties.BucketName).toEqual({ 'Fn::Join': ['', ['results-', account]] })
  const [template, permissions] = [JSON.stringify(all), JSON.stringify(statementsOf(made))]
  expect(template).not.toContain(`"${bucket}`)
  expect(permissions).not.toContain(ACCOUNT)
  expect(permissions).toContain('{"Fn::Join":["",["results-",{"Ref":"AWS::AccountId"},"/words-*"]]}')
})

test('a deployed bucket is known again', () => {
  const name = namedIn(`results-${ACCOUNT}`, '123456789012')
  expect(name).toBe('results-123456789012')
  expect(standInsOf(name)).toContain(`results-${ACCOUNT}`)
  expect(named('results')).toBe('results')
})
