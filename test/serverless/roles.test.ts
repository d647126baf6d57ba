import { expect, test } from 'vitest'
import type { CfnResource } from '../../src/serverless/framework.ts'
import { giveRoles, roleId } from '../../src/serverless/roles.ts'
import { deployment, describedJob } from './sample.ts'

const shared = { 'Fn::GetAtt': ['IamRoleLambdaExecution', 'Arn'] }
const lambda = (Role: CfnResource['Properties'][string]): CfnResource => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Role },
})
const jobs = { a: describedJob('a'), b: describedJob('b') }

test('a job gets what the service’s role has, and what it needs itself, under another name', () => {
  const logs = { PolicyName: 'logs', PolicyDocument: { Statement: [] } }
  const resources: Record<string, CfnResource> = {
    IamRoleLambdaExecution: {
      Type: 'AWS::IAM::Role',
      Properties: { RoleName: 'shop', Path: '/x/', ManagedPolicyArns: ['vpc'], Policies: [logs] },
    },
    aLambda: lambda(shared),
    bLambda: lambda('arn:aws:iam::123456789012:role/theirs'),
  }
  const given = giveRoles(resources, deployment({ jobs }), (name) => `${name}Lambda`)
  expect([...given]).toEqual([['a', roleId('a')]])
  expect(resources.bLambda?.Properties.Role).toBe('arn:aws:iam::123456789012:role/theirs')
  expect(resources.aLambda?.Properties.Role).toEqual({ 'Fn::GetAtt': [roleId('a'), 'Arn'] })
  const { Properties } = resources[roleId('a')] ?? lambda('none')
  expect(Properties).toMatchObject({
    Path: '/x/',
    ManagedPolicyArns: ['vpc'],
    Policies: [logs, { PolicyName: 'millrace' }],
  })
  expect(Properties).not.toHaveProperty('RoleName')
  expect(JSON.stringify(Properties)).toContain('L#a#*')
  expect(JSON.stringify(Properties)).not.toContain('L#b#*')
})

test('nobody gets a role where the user has one for all', () => {
  const resources = { aLambda: lambda('arn:aws:iam::123456789012:role/theirs') }
  expect(giveRoles(resources, deployment({ jobs }), (name) => `${name}Lambda`).size).toBe(0)
  expect(Object.keys(resources)).toEqual(['aLambda'])
})
