// Messages between the child-process invoker and its workers, over one socket. A frame is
//
//   length (uint32, big endian, of what follows) | type (1 byte) | head length (uint16) | head (JSON) | body (bytes)
//
// Payloads travel as the bytes they are: Node's own IPC would wrap 6 MB of JSON in JSON once more.

import type { Socket } from 'node:net'

/** Parent to worker: `invoke`, the body is the event. Worker to parent: the others, the body is the answer. */
export type FrameType = 'invoke' | 'ready' | 'answer' | 'failure'

const TYPES: readonly FrameType[] = ['invoke', 'ready', 'answer', 'failure']
const PREFIX = 7

export interface Frame {
  readonly type: FrameType
  readonly head: unknown
  readonly body: Buffer
}

/** Writes one frame; `body` is sent as UTF-8 when it is a string. */
export function sendFrame(socket: Socket, type: FrameType, head: unknown, body: string | Uint8Array = ''): void {
  const headBytes = Buffer.from(JSON.stringify(head))
  const bodyLength = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
  const prefix = Buffer.allocUnsafe(PREFIX)
  prefix.writeUInt32BE(PREFIX - 4 + headBytes.length + bodyLength, 0)
  prefix.writeUInt8(TYPES.indexOf(type), 4)
  prefix.writeUInt16BE(headBytes.length, 5)
  socket.cork()
  socket.write(prefix)
  socket.write(headBytes)
  if (bodyLength > 0) socket.write(body)
  socket.uncork()
}

/** Calls `onFrame` for every frame that arrives. */
export function readFrames(socket: Socket, onFrame: (frame: Frame) => void): void {
  let chunks: Buffer[] = []
  let buffered = 0
  let needed = 4
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    buffered += chunk.length
    // Joined only when a whole frame is there, so that 6 MB in 64 KB chunks are copied once and not a hundred times.
    while (buffered >= needed) {
      const all = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, buffered)
      chunks = [all]
      needed = 4 + all.readUInt32BE(0)
      if (buffered < needed) return
      onFrame(parse(all.subarray(0, needed)))
      chunks = buffered === needed ? [] : [all.subarray(needed)]
      buffered -= needed
      needed = 4
    }
  })
}

function parse(frame: Buffer): Frame {
  const head = PREFIX + frame.readUInt16BE(5)
  const type = TYPES[frame.readUInt8(4)]
  if (!type) throw new Error(`Unknown frame type ${frame.readUInt8(4)}`)
  return { type, head: JSON.parse(frame.toString('utf8', PREFIX, head)), body: frame.subarray(head) }
}
