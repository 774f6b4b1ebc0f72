import type { ClientBase } from 'pg'
import type { EventEmitter } from 'node:events'

/** What a connection of pg has and its types do not declare. */
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

/** The private fields of a client. A client of the native library has other ones. */
const inside = (client: ClientBase): Inside => client as unknown as Inside

/** Closes a client’s connection without waiting for the server. */
export const destroy = (client: ClientBase): void => inside(client).connection?.stream.destroy()

/**
 * Asks the server to cancel the running statement of a client. The request needs a connection of its own, which the server
 * closes afterwards. It does not come from the pool, which may have none left.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export const cancel = (client: ClientBase): Promise<void> =>
  new Promise((resolve, reject) => {
    const { connection, host, port, ssl, sslNegotiation, processID, secretKey } = inside(client)
    if (connection === undefined || processID === null || secretKey === null) {
      reject(new Error('cannot cancel: the client has no process id or secret key'))
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
