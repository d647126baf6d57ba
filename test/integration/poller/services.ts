// The services of a test run, for suites that skip when one is missing.

import { randomUUID } from 'node:crypto'
import { describe, inject } from 'vitest'

const { kafka, localstack, ministack, postgres, redis } = inject('services')

/** Empty when it is missing: then the suites that need it are skipped. */
export const bootstrap = 'missing' in kafka ? '' : kafka.bootstrap
export const postgresUrl = 'missing' in postgres ? '' : postgres.url
export const redisUrl = 'missing' in redis ? '' : redis.url
export const endpoints = {
  localstack: 'missing' in localstack ? '' : localstack.endpoint,
  ministack: 'missing' in ministack ? '' : ministack.endpoint,
}

/** `describe`, skipped unless every service of which the address is given is there. */
export const describeWith = (...addresses: readonly string[]): ReturnType<typeof describe.skipIf> =>
  describe.skipIf(addresses.includes(''))

/** A name that no other run has used, since services may outlive one. */
export const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`
