// The client for S3, with the connection and retry settings that Millrace wants, and why.

import { S3Client } from '@aws-sdk/client-s3'
import { type AwsClientOptions, awsClientSettings } from './aws-client.ts'

// For the answer to start, the body sent: 8 MiB in 30 s is 280 KB/s, times four for parts side by side.
const REQUEST_TIMEOUT_MS = 30_000

/** Emulators have one host name for all buckets; AWS wants the bucket in the host name. */
export function pathStyle(endpoint?: string): boolean {
  // `||`, because an empty variable means none.
  return Boolean(endpoint || process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL)
}

/** A client with the connection and retry settings that Millrace wants. */
export function s3Client(options: AwsClientOptions = {}): S3Client {
  return new S3Client({
    ...awsClientSettings(options, { requestTimeout: REQUEST_TIMEOUT_MS }),
    forcePathStyle: pathStyle(options.endpoint),
    // By default the SDK sends a CRC-32 with each upload and checks one on each download. Left out: TLS checks the transport,
    // S3 adds a checksum of its own, what Millrace reads back carries a CRC-32 already, and S3-compatible stores of others
    // refuse it. It is not free either: 40 MB from LocalStack take 100 to 150 ms without it and 205 to 255 ms with it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // By default bodies from 2 MiB up wait for "100 Continue", on a connection of their own that is closed afterwards: a TLS
    // handshake and a round trip per part, and the whole request timeout where a server or proxy does not answer it.
    expectContinueHeader: false,
  })
}
