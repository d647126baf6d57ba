// Deploys the invoker contract's function to an emulator of Lambda, as one bundled file in a zip.

import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { build } from 'esbuild'

const FUNCTION = fileURLToPath(new URL('../../local/invoker/fixtures/function.ts', import.meta.url))

/** A client of an emulator. */
export function emulatorClient(endpoint: string): LambdaClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
}

/** Deploys the function and waits until it can be invoked. */
export async function deployFunction(
  client: LambdaClient,
  name: string,
  more: Partial<CreateFunctionCommandInput> = {},
  entryPoint = FUNCTION,
): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  await client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/lambda',
      Code: { ZipFile: zip('index.mjs', outputFiles[0]?.contents ?? new Uint8Array()) },
      Timeout: 60,
      ...more,
    }),
  )
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 30 }, { FunctionName: name })
}

/** A zip archive of one file, stored. https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.9.TXT §4.3 */
function zip(name: string, data: Uint8Array): Uint8Array {
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0) // version needed
  common.writeUInt16LE(0x21, 8) // 1980-01-01
  common.writeUInt32LE(crc32(data), 10)
  common.writeUInt32LE(data.length, 14)
  common.writeUInt32LE(data.length, 18)
  common.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name)])
  const attributes = Buffer.alloc(14)
  attributes.writeUInt32LE(0o100644 * 0x10000, 6) // a plain file, readable
  const version = Buffer.from([20, 3]) // made on Unix
  const central = Buffer.concat([Buffer.from('PK\x01\x02'), version, common, attributes, Buffer.from(name)])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 0, 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length + data.length, 16)
  return Buffer.concat([local, data, central, end])
}
