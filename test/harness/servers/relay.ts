import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type ServerOpts, type Socket } from 'node:net'
import type { TestConnection } from './servers.ts'

const connectTo = ({ host, port }: TestConnection): Socket =>
  host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)

/** A connection of a driver’s, and the one to the server that was made for it. */
export interface Pair {
  readonly frontend: Socket
  readonly backend: Socket
  /** Breaks both, as one that breaks does. */
  readonly cut: () => void
}

/** A port that leads to a server. */
export interface Relay {
  /** How to connect through it. */
  readonly connection: TestConnection
  /** Breaks all connections, and listens no more. */
  readonly end: () => Promise<void>
}

/**
 * Listens on a port of its own for what is to go to a server.
 * @param carry carries what each of a pair sends to the other
 */
export const startRelay = async (
  server: TestConnection,
  carry: (pair: Pair) => void,
  options: ServerOpts = {},
): Promise<Relay> => {
  const sockets = new Set<Socket>()
  const relay = (frontend: Socket): void => {
    const backend = connectTo(server)
    const cut = (): void => {
      frontend.destroy()
      backend.destroy()
    }
    for (const socket of [frontend, backend]) {
      sockets.add(socket)
      socket.on('error', cut).once('close', () => sockets.delete(socket))
    }
    carry({ frontend, backend, cut })
  }
  const listener = createServer(options, relay).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    connection: { ...server, host: '127.0.0.1', port: (listener.address() as AddressInfo).port },
    end: async () => {
      const closed = once(listener, 'close')
      listener.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
