import { expect, it } from 'vitest'
import { inProcessInvoker } from '../../../src/local/invoker/in-process.ts'
import type { LambdaHandler } from '../../../src/local/invoker/invoker.ts'
import * as fixture from './fixtures/function.ts'
import { invokerContract } from './invoker.contract.ts'

const handler: LambdaHandler = (event, context) => {
  if (typeof event !== 'object' || event === null || !('do' in event)) throw new Error('no request')
  return fixture.handler({ ...event, do: String(event.do) }, context)
}

invokerContract('in process', { open: async (options) => inProcessInvoker(handler, options) })

it('fails what is under way when it is closed', async () => {
  const invoker = inProcessInvoker(handler)
  const hanging = invoker.invoke('{"do":"hang"}')
  await invoker.close()
  expect(await hanging).toMatchObject({ ok: false, errorType: 'InvokerClosed' })
})

it('reports an answer that is no JSON, and a thrown thing that is no Error', async () => {
  const invoker = inProcessInvoker(handler)
  expect(await invoker.invoke('{"do":"bigint"}')).toMatchObject({ ok: false, errorType: 'Runtime.MarshalError' })
  const strange = inProcessInvoker(() => {
    throw 'a string'
  })
  expect(await strange.invoke('{}')).toEqual({ ok: false, errorType: 'string', errorMessage: 'a string' })
})
