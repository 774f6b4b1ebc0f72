import type { Socket } from 'node:net'

/** Who sends, in PostgreSQL’s words: a client is a frontend, the server the backend. */
export type Sender = 'frontend' | 'backend'

/** Cuts what a side sends into messages. Without TLS only the first one of a frontend has no type. */
export async function* messagesFrom(
  socket: Socket,
  sender: Sender,
): AsyncGenerator<readonly [type: string, bytes: Buffer]> {
  let header = sender === 'frontend' ? 0 : 1
  let rest = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= header + 4) {
      const length = header + rest.readInt32BE(header)
      if (rest.length < length) break
      const bytes = rest.subarray(0, length)
      yield [bytes.toString('latin1', 0, header), bytes]
      rest = rest.subarray(length)
      header = 1
    }
  }
}

/** Whether it is the request to cancel what another connection runs: the only message of a connection of its own. */
export const isCancelRequest = (bytes: Buffer): boolean =>
  bytes.length === 16 && bytes.readInt32BE(4) === 80877102
