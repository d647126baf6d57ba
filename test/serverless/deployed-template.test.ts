// What CloudFormation says when there is no stack, and what only sounds like it.

import { expect, it } from 'vitest'
import { isNoStack } from '../../src/serverless/deployed-template.ts'

it('knows that there is no stack, and nothing else, by the words', () => {
  expect(isNoStack(new Error('Stack with id shop-dev does not exist'))).toBe(true)
  expect(isNoStack(new Error('Stack [shop-dev] does not exist'))).toBe(true)
  expect(isNoStack(new Error('The config profile (shop) does not exist'))).toBe(false)
  expect(isNoStack(new Error('Role arn:aws:iam::1:role/deploy does not exist'))).toBe(false)
})
