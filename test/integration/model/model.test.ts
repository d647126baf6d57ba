// The models of model/ hold, and each of their mutants fails as it should. Needs Java and Maven, nothing else.

import { describe, expect, test } from 'vitest'
import { lookAround } from '../../../infra/machine.ts'
import { installTlc, whyNoTlc } from '../../../infra/tlc.ts'
import { runCheck } from '../../../model/check.ts'
import { MODELS, MUTANTS } from '../../../model/mutants.ts'

/** TLC explores all there is, on a machine that may be busy with much else. */
const LONGEST_MS = 1_800_000

const missing = whyNoTlc(await lookAround())
if (missing !== undefined) {
  if (process.env.MILLRACE_REQUIRE_SERVICES === '1') throw new Error(missing)
  console.warn(`${missing}. The models are not checked.`)
}

describe.skipIf(missing !== undefined)('TLC', { timeout: LONGEST_MS }, () => {
  test.each(MODELS)('finds that $config holds', async (check) => {
    expect(await runCheck(await installTlc(), check)).toMatchObject({ violated: undefined })
  })

  test.each(MUTANTS)('finds that $config without $without violates $violates', async (check) => {
    expect(await runCheck(await installTlc(), check)).toMatchObject({ violated: check.violates })
  })
})
