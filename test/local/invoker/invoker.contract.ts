// What every FunctionInvoker has to do, run in process, in child processes and on an emulator of Lambda.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FunctionInvoker } from '../../../src/local/invoker/invoker.ts'

export interface InvokerUnderTest {
  /** Invokes `fixtures/function.ts`; closed by the suite. */
  open(options?: { readonly timeoutMs?: number }): Promise<FunctionInvoker>
  /** What the invoker cannot do, by nature. */
  readonly lacks?: readonly ('responseLimit' | 'errorNames' | 'timeout')[]
}

export function invokerContract(name: string, { open, lacks = [] }: InvokerUnderTest): void {
  describe(`FunctionInvoker: ${name}`, () => {
    let invoker: FunctionInvoker
    beforeEach(async () => {
      invoker = await open()
    })
    afterEach(async () => {
      await invoker.close()
    })

    const invoke = (event: object) => invoker.invoke(JSON.stringify(event))

    it('hands over JSON and gives JSON back', async () => {
      const value = { text: 'ü€😀', list: [1, null, true], deep: { a: '\u2028"\\' } }
      expect(await invoke({ do: 'echo', value })).toEqual({ ok: true, payload: value })
      expect(await invoker.invoke(Buffer.from(JSON.stringify({ do: 'echo', value })))).toEqual({
        ok: true,
        payload: value,
      })
    })

    it('answers null for a function that returned nothing', async () => {
      expect(await invoke({ do: 'nothing' })).toEqual({ ok: true, payload: null })
    })

    it('keeps a warm function between invocations', async () => {
      const [first, second] = [await invoke({ do: 'count' }), await invoke({ do: 'count' })]
      expect(first.ok && second.ok && Number(second.payload) - Number(first.payload)).toBe(1)
    })

    it('gives the function its context', async () => {
      const result = await invoke({ do: 'context' })
      expect(result).toMatchObject({
        ok: true,
        payload: { awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/), functionName: expect.any(String) },
      })
      expect(result).toHaveProperty('payload.remaining', expect.any(Number))
    })

    it('reports an error that the function threw, and goes on', async () => {
      const result = await invoke({ do: 'throw' })
      expect(result).toMatchObject({ ok: false, errorMessage: expect.stringContaining('asked to') })
      if (!lacks.includes('errorNames'))
        expect(result).toMatchObject({ errorType: 'RangeError', trace: expect.any(Array) })
      expect((await invoke({ do: 'echo', value: 1 })).ok).toBe(true)
    })

    it('delivers a payload of just under 6 MB', async () => {
      const room = 6 * 1024 * 1024 - JSON.stringify({ do: 'length', value: '' }).length
      expect(await invoke({ do: 'length', value: 'x'.repeat(room) })).toEqual({ ok: true, payload: room })
    })

    it('refuses a payload over 6 MB', async () => {
      expect(await invoke({ do: 'length', value: 'x'.repeat(6 * 1024 * 1024) })).toMatchObject({
        ok: false,
        errorType: 'RequestTooLargeException',
      })
    })

    // What an implementation is known to lack has no test, rather than one that is skipped: nothing could bring it up.
    if (!lacks.includes('responseLimit'))
      it('fails an answer over 6 MB', async () => {
        const result = await invoke({ do: 'large', size: 6 * 1024 * 1024 })
        expect(result).toMatchObject({ ok: false, errorType: 'Function.ResponseSizeTooLarge' })
      })

    if (!lacks.includes('timeout'))
      it('gives up on a function that is over its time', async () => {
        const impatient = await open({ timeoutMs: 1000 })
        try {
          const result = await impatient.invoke(JSON.stringify({ do: 'hang' }))
          expect(result).toMatchObject({ ok: false, errorType: 'Sandbox.Timedout' })
          expect(result).toHaveProperty('errorMessage', expect.stringContaining('Task timed out after 1.00 seconds'))
        } finally {
          await impatient.close()
        }
      })

    it('fails what is asked after it was closed', async () => {
      await invoker.close()
      expect((await invoke({ do: 'echo' })).ok).toBe(false)
    })
  })
}
