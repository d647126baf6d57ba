// Four projects. `unit` needs nothing but Node.js. The others get real services from infra/services.vitest.ts, which comes
// into play only when one of them has tests to run.

import { defineConfig } from 'vitest/config'

const source = {
  resolve: { conditions: ['millrace-source'] },
  ssr: { resolve: { conditions: ['millrace-source'] } },
}
const services = { globalSetup: ['infra/services.vitest.ts'], testTimeout: 900_000, hookTimeout: 900_000 } // a deployment into traffic takes five minutes at a load of 37

/** Folders of `test/` with a project of their own. */
const CONTRACT = 'test/contract/**/*.test.ts'
const INTEGRATION = 'test/integration/**/*.test.ts'
const E2E = 'test/e2e/**/*.test.ts'

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [CONTRACT, INTEGRATION, E2E],
          testTimeout: 120_000, // of a machine that does ten other things
          hookTimeout: 120_000,
        },
      },
      { ...source, test: { ...services, name: 'contract', include: [CONTRACT] } },
      { ...source, test: { ...services, name: 'integration', include: [INTEGRATION], fileParallelism: false } },
      { ...source, test: { ...services, name: 'e2e', include: [E2E], fileParallelism: false } },
    ],
  },
})
