import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** A certificate for localhost that nobody else has signed, valid from 2020 to 2120. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBaDCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIMI0cwTa90UmNVt
rRmjQYZpDlLiFgoI2LYdPxttJxuK3yGCE8SudrwkNTY9lJyqfqKxlVOoKiutAgWp
4WHJhnyjTjBMMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0
hwR/AAABMB0GA1UdDgQWBBSKi4ducgnje/zuySMFTLDNgcZMAzAKBggqhkjOPQQD
AgNJADBGAiEA3bBWSY6fDXqBnDh575yON6QqXLY27lviFK+fyee14IECIQC7LVNU
g4qgs9cThBVr+zqIP4W0xCgqr772b6GzmRP3TQ==
-----END CERTIFICATE-----
`

/** Its key, which protects nothing. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsa9bQcp2NEjxb2lp
cWxjSvIrI88ojCU8qYYJ5A0AjZGhRANCAASDCNHME2vdFJjVba0Zo0GGaQ5S4hYK
CNi2HT8bbScbit8hghPErna8JDU2PZScqn6isZVTqCorrQIFqeFhyYZ8
-----END PRIVATE KEY-----
`

/** The message ErrorResponse, with a SQLSTATE and a text. */
const refusal = (code: string, text: string): Buffer => {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`)
  const length = Buffer.alloc(4)
  length.writeInt32BE(fields.length + 4)
  return Buffer.concat([Buffer.from('E'), length, fields])
}

/** What the server says to whoever trusts its certificate. */
export const greeting = 'the certificate is trusted'

const serve = (socket: Socket): void => {
  // A client that does not trust the certificate ends the connection.
  socket.on('error', () => undefined)
  socket.once('data', () => {
    socket.write('S')
    const secure = new TLSSocket(socket, { isServer: true, key, cert: certificate })
    secure.on('error', () => undefined)
    secure.once('data', () => secure.end(refusal('28000', greeting)))
  })
}

/** Listens as a server of PostgreSQL that encrypts, with a certificate of its own, and lets nobody in. */
export const listenWithCertificate = async (): Promise<{
  readonly port: number
  readonly close: () => Promise<void>
}> => {
  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
