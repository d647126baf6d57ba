// The few calls of Lambda's API that stopping and starting a deployed job takes, with errors that name what was asked.

import {
  type EventSourceMappingConfiguration,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type LambdaClient,
  paginateListEventSourceMappings,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { drainMessage, wakeUpMessage } from '../../lambda/sqs-waker.ts'
import { serviceError } from '../../stores/service-errors.ts'

/** A function as far as it matters here. */
export interface DeployedFunction {
  /** Seconds. */
  readonly timeout: number
  readonly variables: Readonly<Record<string, string>>
  readonly revision: string | undefined
  /** A change of its configuration is under way. */
  readonly changing: boolean
}

export interface Mapping {
  readonly uuid: string
  /** Enabling, Enabled, Disabling, Disabled, Updating … */
  readonly state: string
  /** Of the job's own queue. */
  readonly wakes: boolean
  /** What it reads, for people. */
  readonly reads: string
}

export class LambdaCalls {
  readonly #client: LambdaClient
  readonly functionName: string

  constructor(client: LambdaClient, functionName: string) {
    this.#client = client
    this.functionName = functionName
  }

  async function(): Promise<DeployedFunction> {
    const found = await this.#call('GetFunctionConfiguration', () =>
      this.#client.send(new GetFunctionConfigurationCommand({ FunctionName: this.functionName })),
    )
    return {
      timeout: found.Timeout ?? 3,
      variables: found.Environment?.Variables ?? {},
      revision: found.RevisionId,
      changing: found.LastUpdateStatus === 'InProgress',
    }
  }

  /** @param queueUrl of the job's wake-ups */
  async mappings(queueUrl: string | undefined): Promise<Mapping[]> {
    const queue = queueUrl?.split('/').at(-1)
    return this.#call('ListEventSourceMappings', async () => {
      const found: EventSourceMappingConfiguration[] = []
      const pages = paginateListEventSourceMappings({ client: this.#client }, { FunctionName: this.functionName })
      for await (const page of pages) found.push(...(page.EventSourceMappings ?? []))
      return found.map(({ UUID = '', State = '', EventSourceArn, Topics }) => {
        const [, , service, , , name] = EventSourceArn?.split(':') ?? []
        const wakes = service === 'sqs' && name === queue
        return { uuid: UUID, state: State, wakes, reads: Topics?.join(', ') ?? name ?? EventSourceArn ?? UUID }
      })
    })
  }

  async enable(mapping: Mapping, Enabled: boolean): Promise<void> {
    await this.#call('UpdateEventSourceMapping', () =>
      this.#client.send(new UpdateEventSourceMappingCommand({ UUID: mapping.uuid, Enabled })),
    )
  }

  /** Fails when somebody else has changed the function since it was read. */
  async setVariables(variables: Readonly<Record<string, string>>, revision: string | undefined): Promise<void> {
    await this.#call('UpdateFunctionConfiguration', () =>
      this.#client.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: this.functionName,
          Environment: { Variables: { ...variables } },
          ...(revision !== undefined && { RevisionId: revision }),
        }),
      ),
    )
  }

  /** Wakes the job, without waiting for it. */
  async wake(job: string, at: number): Promise<void> {
    await this.#invoke(wakeUpMessage(job, at), 'Event')
  }

  /** @returns what the function has failed at */
  async drain(job: string): Promise<string | undefined> {
    const { FunctionError, Payload } = await this.#invoke(drainMessage(job), 'RequestResponse')
    return FunctionError ? `${FunctionError}: ${Payload?.transformToString().slice(0, 500)}` : undefined
  }

  #invoke(body: string, InvocationType: 'Event' | 'RequestResponse') {
    const Payload = Buffer.from(JSON.stringify({ Records: [{ eventSource: 'aws:sqs', body }] }))
    return this.#call('Invoke', () =>
      this.#client.send(new InvokeCommand({ FunctionName: this.functionName, InvocationType, Payload })),
    )
  }

  async #call<T>(operation: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (cause) {
      const action = operation === 'Invoke' ? 'lambda:InvokeFunction' : `lambda:${operation}`
      throw serviceError({ service: 'lambda', operation, target: `function ${this.functionName}`, action, cause })
    }
  }
}
