// What a bundle has in place of event streams, where nothing in it can ask for one: of what Millrace calls none has any, and
// of the clients that it has only S3's SelectObjectContent.

/** Called when a client of S3 is made, and given back to it. */
export const eventStreamSerdeProvider = (): object => ({})

export const resolveEventStreamSerdeConfig = <T>(config: T): T => config

/** Made by the SDK for each answer that is a stream. */
export class EventStreamSerde {
  constructor() {
    throw new Error(
      'This function was bundled without event streams, because nothing in it seemed to use them: name SelectObjectContentCommand where it is used, in the job or in what it imports.',
    )
  }
}
