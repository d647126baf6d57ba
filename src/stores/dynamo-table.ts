// The table in DynamoDB. One commit is one conditional PutItem (I4) and that condition is the fence (I1); there is no
// transaction, no index and no second write anywhere. Key layout: docs/decisions/001-single-table-keys.md.

import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { jobKey, logKey, rowName, rowSortKey, rowSortKeyPrefix } from '../names/table-keys.ts'
import { type AnswerCheck, checkAnswers, field } from './answers.ts'
import { type AwsClientOptions, awsClientSettings } from './aws-client.ts'
import { denseRun } from './dense-run.ts'
import { HEAD_UNTIL_ATTRIBUTE, logItemOf, rowOf, TTL_ATTRIBUTE } from './dynamo-items.ts'
import { serviceError } from './service-errors.ts'
import { type JobRow, type LogItem, lifeOf, type StateTable } from './table.ts'
import { checkBodySize, checkKey, checkRowSize, versionSortKey } from './table-keys.ts'

export interface DynamoTableOptions extends AwsClientOptions {
  readonly table: string
  /** A client to share; it is then not closed by `close`, and the other options do not apply to it. */
  readonly client?: DynamoDBClient
}

// DynamoDB answers in single-digit milliseconds, a page of 1 MB in tens; its own SDK tuning guide starts at 1 to 5 s. What
// has not answered by then is a dead connection, and worth a new attempt.
const REQUEST_TIMEOUT_MS = 5_000

type Item = Record<string, AttributeValue>

// DynamoDB answers a put with `{}`, which anybody's empty answer looks like to the SDK: its own type of content tells.
const itsOwn: AnswerCheck = ({ contentType }) =>
  contentType.startsWith('application/x-amz-json') ? undefined : 'it is not of the type that DynamoDB answers with'

const ANSWERS: ReadonlyMap<string, AnswerCheck> = new Map<string, AnswerCheck>([
  ['PutItem', itsOwn],
  ['GetItem', itsOwn],
  ['DeleteItem', itsOwn],
  [
    'Query',
    (answer) =>
      itsOwn(answer) ??
      (typeof field(answer.output, 'Count') === 'number' ? undefined : 'it does not say how many items it has'),
  ],
])

/** The table of a job in DynamoDB; `table-definition.ts` says how it is made. */
export function dynamoTable(options: DynamoTableOptions): StateTable {
  const { table } = options
  const client = options.client ?? dynamoClient(options)
  checkAnswers(client, ANSWERS)

  const call = async <T>(operation: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (cause) {
      throw serviceError({
        service: 'dynamodb',
        operation,
        target: `table ${table}`,
        action: `dynamodb:${operation}`,
        cause,
      })
    }
  }

  /** Writes an item under a condition; `false` when the condition does not hold. */
  const putIf = (input: Omit<PutItemCommandInput, 'TableName'>): Promise<boolean> =>
    call('PutItem', async () => {
      try {
        await client.send(new PutItemCommand({ TableName: table, ...input }))
        return true
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false
        throw error
      }
    })

  /** The items of a query, page by page (a page ends at 1 MB). */
  async function query(input: Omit<QueryCommandInput, 'TableName'>, limit: number): Promise<Item[]> {
    const items: Item[] = []
    if (limit < 1) return items
    let from: Item | undefined
    do {
      const left = limit - items.length
      const page = await call('Query', () =>
        client.send(
          new QueryCommand({
            TableName: table,
            ...input,
            ...(Number.isFinite(left) && { Limit: left }),
            ...(from && { ExclusiveStartKey: from }),
          }),
        ),
      )
      items.push(...(page.Items ?? []))
      from = page.LastEvaluatedKey
    } while (from && items.length < limit)
    return items
  }

  const rowItem = (job: string, name: string, { rev, data }: JobRow): Item => {
    const [pk, sk, text] = [jobKey(job), rowSortKey(name), JSON.stringify(data)]
    checkKey(pk, sk)
    checkRowSize(pk, sk, text)
    return { pk: { S: pk }, sk: { S: sk }, rev: { N: String(rev) }, data: { S: text } }
  }
  const rowKey = (job: string, name: string): Item => {
    checkKey(jobKey(job), rowSortKey(name))
    return { pk: { S: jobKey(job) }, sk: { S: rowSortKey(name) } }
  }

  return {
    async append(task, { version, body, expiresAt }) {
      const [pk, sk] = [logKey(task), versionSortKey(version)]
      checkKey(pk, sk)
      checkBodySize(task, version, body)
      const Item: Item = { pk: { S: pk }, sk: { S: sk }, b: { B: body } }
      if (expiresAt !== undefined) Item[TTL_ATTRIBUTE] = { N: String(Math.ceil(expiresAt)) }
      return (await putIf({ Item, ConditionExpression: 'attribute_not_exists(pk)' })) ? 'committed' : 'conflict'
    },

    async head(task) {
      const [item] = await query(
        {
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: logKey(task) } },
          ScanIndexForward: false,
          ConsistentRead: true,
        },
        1,
      )
      return item && logItemOf(table, item)
    },

    async read(task, { after, limit = Number.POSITIVE_INFINITY, consistent = false }) {
      const items: LogItem[] = []
      const found = await query(
        {
          KeyConditionExpression: 'pk = :pk AND sk > :after',
          ExpressionAttributeValues: { ':pk': { S: logKey(task) }, ':after': { S: versionSortKey(after) } },
          ConsistentRead: consistent,
        },
        limit,
      )
      for (const item of found) items.push(logItemOf(table, item))
      return denseRun(task, after, items)
    },

    async setLife(task, version, life) {
      const [pk, sk] = [logKey(task), versionSortKey(version)]
      checkKey(pk, sk)
      const [name, time] = lifeOf(life)
      const command = new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: 'SET #time = :time',
        ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(#time) OR #time < :time)',
        ExpressionAttributeNames: { '#time': name === 'expiresAt' ? TTL_ATTRIBUTE : HEAD_UNTIL_ATTRIBUTE },
        ExpressionAttributeValues: { ':time': { N: String(Math.ceil(time)) } },
      })
      await call('UpdateItem', async () => {
        try {
          await client.send(command)
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error
        }
      })
    },

    async getRow(job, name) {
      const Key = rowKey(job, name)
      const { Item } = await call('GetItem', () =>
        client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true })),
      )
      return Item && rowOf(table, Item)
    },

    async createRow(job, name, row) {
      const Item = rowItem(job, name, row)
      return (await putIf({ Item, ConditionExpression: 'attribute_not_exists(pk)' })) ? 'created' : 'exists'
    },

    async putRow(job, name, row) {
      await putIf({ Item: rowItem(job, name, row) })
    },

    async replaceRow(job, name, row, expectedRev) {
      const Item = rowItem(job, name, row)
      const replaced = await putIf(
        expectedRev === undefined
          ? { Item, ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              Item,
              ConditionExpression: '#rev = :rev',
              ExpressionAttributeNames: { '#rev': 'rev' },
              ExpressionAttributeValues: { ':rev': { N: String(expectedRev) } },
            },
      )
      return replaced ? 'replaced' : 'conflict'
    },

    async deleteRow(job, name) {
      const Key = rowKey(job, name)
      await call('DeleteItem', () => client.send(new DeleteItemCommand({ TableName: table, Key })))
    },

    async listRows(job, prefix) {
      const start = rowSortKeyPrefix(prefix)
      const found = await query(
        {
          KeyConditionExpression: start === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :start)',
          ExpressionAttributeValues: { ':pk': { S: jobKey(job) }, ...(start !== '' && { ':start': { S: start } }) },
          ConsistentRead: true,
        },
        Number.POSITIVE_INFINITY,
      )
      const rows = found.map((item) => [rowName(item.sk?.S ?? ''), rowOf(table, item)] as const)
      return new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)))
    },

    close() {
      if (!options.client) client.destroy()
    },
  }
}

/** A client with the connection and retry settings that Millrace wants. */
export function dynamoClient(options: AwsClientOptions = {}): DynamoDBClient {
  return new DynamoDBClient(awsClientSettings(options, { requestTimeout: REQUEST_TIMEOUT_MS }))
}
