// vitest's global setup of the projects `contract`, `integration` and `e2e`: the services come up when the first of these
// projects has a test to run, once for all of them, and go down when the last one is done. Tests read where they are:
//
//     import { inject } from 'vitest'
//     const { kafka, localstack, ministack, postgres, redis } = inject('services')
//
// A service that could not come up is `{ missing: 'why' }`: skip with that reason. Should vitest be killed, the services die
// with it (guardian.ts).

import type { TestProject } from 'vitest/node'
import type { ServiceName } from './machine.ts'
import { type Services, TestServices } from './services.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    services: Services
  }
}

const NEEDS: Record<string, readonly ServiceName[]> = {
  contract: ['localstack', 'ministack'],
  integration: ['kafka', 'localstack', 'ministack', 'postgres', 'redis'],
  e2e: ['kafka', 'localstack', 'ministack'],
}

// vitest loads this file once per project, so what the projects share hangs on the process.
declare global {
  var millraceTestServices: { services: TestServices; users: number } | undefined
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  globalThis.millraceTestServices ??= { services: new TestServices(), users: 0 }
  const shared = globalThis.millraceTestServices
  shared.users++
  const teardown = async () => {
    shared.users--
    if (shared.users === 0) await shared.services.stop()
  }
  try {
    await shared.services.start(NEEDS[project.name] ?? [])
    project.provide('services', await shared.services.addresses())
  } catch (error) {
    await teardown()
    throw error
  }
  return teardown
}
