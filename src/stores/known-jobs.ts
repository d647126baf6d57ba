// Which jobs a table or a folder knows, for whoever types: everybody else is told a name. A folder answers at once; a table has to be
// scanned, so it is asked for one page of it, and who waits says for how long.

import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { CLAIM_ROW } from '../names/rows.ts'
import { JOB_KEYS, jobOfKey } from '../names/table-keys.ts'
import { dynamoClient } from './dynamo-table.ts'
import { openFolder } from './folder-database.ts'

export function jobsOfFolder(directory: string): string[] {
  const database = openFolder(directory)
  try {
    const rows = database.all('SELECT pk FROM job_rows WHERE sk = ? ORDER BY pk', CLAIM_ROW)
    return rows.flatMap(({ pk }) => jobOfKey(String(pk)) ?? [])
  } finally {
    database.close()
  }
}

/** A page of a scan is 1 MB, whatever it finds: 128 read units. */
export async function jobsOfTable(table: string, signal: AbortSignal): Promise<string[]> {
  const client = dynamoClient({})
  try {
    const { Items = [] } = await client.send(
      new ScanCommand({
        TableName: table,
        FilterExpression: 'sk = :sk AND begins_with(pk, :job)',
        ExpressionAttributeValues: { ':sk': { S: CLAIM_ROW }, ':job': { S: JOB_KEYS } },
        ProjectionExpression: 'pk',
      }),
      { abortSignal: signal },
    )
    return Items.flatMap(({ pk }) => jobOfKey(pk?.S ?? '') ?? []).sort()
  } finally {
    client.destroy()
  }
}
