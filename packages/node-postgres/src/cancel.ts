import type { ClientBase } from 'pg'
import type { EventEmitter } from 'node:events'

/** What pg has of a connection without saying so in its types. */
interface Protocol extends EventEmitter {
  readonly stream: { readonly destroy: () => void; readonly unref?: () => void }
  readonly connect: (portOrPath: number | string, host?: string) => void
  readonly requestSsl: () => void
  readonly cancel: (processId: number, secretKey: number) => void
}

interface Inside {
  readonly connection?: Protocol
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly sslNegotiation?: string
  readonly processID: number | null
  readonly secretKey: number | null
}

/** A client as it is inside; one over the native library has another inside. */
const inside = (client: ClientBase): Inside => client as unknown as Inside

/** Closes a client’s connection without waiting for the server. */
export const destroy = (client: ClientBase): void => inside(client).connection?.stream.destroy()

/**
 * Asks the server to cancel what a client is running, by a connection of its own, which the server closes when it has
 * done so: a pool may have no other to spare.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export const cancel = (client: ClientBase): Promise<void> =>
  new Promise((resolve, reject) => {
    const { connection, host, port, ssl, sslNegotiation, processID, secretKey } = inside(client)
    if (connection === undefined || processID === null || secretKey === null) {
      reject(new Error('the client does not tell how to cancel'))
      return
    }
    const Connection = connection.constructor as new (config: object) => Protocol
    const request = new Connection({ ssl, sslNegotiation })
    const send = (): void => request.cancel(processID, secretKey)
    request.on('error', reject)
    request.once('end', resolve)
    if (ssl) {
      if (sslNegotiation !== 'direct') request.once('connect', () => request.requestSsl())
      request.once('sslconnect', send)
    } else request.once('connect', send)
    if (host.startsWith('/')) request.connect(`${host}/.s.PGSQL.${port}`)
    else request.connect(port, host)
    request.stream.unref?.()
  })
