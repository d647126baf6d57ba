// What the table looks like, for whoever creates it: tests, `millrace dev`, and the deployment plugin.

import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { serviceError } from './service-errors.ts'

export { TTL_ATTRIBUTE } from './dynamo-items.ts'

/** Keys and billing of the single table. On-demand, because an idle job pays for storage only. */
export function tableDefinition(name: string) {
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  } satisfies CreateTableCommandInput
}

/**
 * Creates the table unless it exists, and waits until it can be used. TTL is not switched on: the embedded table does not
 * know it, and what a test or a developer's machine keeps may stay.
 */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  try {
    await client.send(new CreateTableCommand(tableDefinition(name))).catch((error: unknown) => {
      if (!(error instanceof ResourceInUseException)) throw error
    })
    // AWS takes some 10 s, dynalite its configured delay, DynamoDB Local none.
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.02, maxDelay: 2 }, { TableName: name })
  } catch (cause) {
    throw serviceError({
      service: 'dynamodb',
      operation: 'CreateTable',
      target: `table ${name}`,
      action: 'dynamodb:CreateTable and dynamodb:DescribeTable',
      cause,
    })
  }
}
