import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

interface Message {
  readonly id?: number
  readonly method?: string
  readonly result?: { readonly contents?: { readonly value: string } } | null
}

/** What an editor shows on hover over each export, as Markdown. */
export const hoversOf = async (
  exported: readonly (readonly [module: string, name: string])[],
): Promise<readonly string[]> => {
  const tsc = join(
    dirname(createRequire(join(root, 'package.json')).resolve('typescript/package.json')),
    'bin/tsc',
  )
  const server = spawn(process.execPath, [tsc, '--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const waiting = new Map<number, (message: Message) => void>()
  const send = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const request = (method: string, params: object): Promise<Message> =>
    new Promise((resolve) => {
      const id = waiting.size + 1
      waiting.set(id, resolve)
      send({ id, method, params })
    })
  const receive = ({ id, method, ...message }: Message): void => {
    if (id === undefined) return
    if (method === undefined) waiting.get(id)?.(message)
    else send({ id, result: null })
  }
  let received = Buffer.alloc(0)
  server.stdout.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    for (;;) {
      const start = received.indexOf('\r\n\r\n') + 4
      const end = start + Number(/Content-Length: (\d+)/.exec(received.subarray(0, start).toString())?.[1])
      if (start < 4 || received.length < end) return
      const message = JSON.parse(received.subarray(start, end).toString()) as Message
      received = received.subarray(end)
      receive(message)
    }
  })
  const uri = pathToFileURL(join(root, 'test/src/hover.ts')).href
  const text = exported.map(([module, name]) => `export { ${name} } from '${module}'`).join('\n')
  await request('initialize', {
    processId: null,
    rootUri: pathToFileURL(root).href,
    capabilities: { textDocument: { hover: { contentFormat: ['markdown'] } } },
  })
  send({ method: 'initialized', params: {} })
  send({
    method: 'textDocument/didOpen',
    params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
  })
  const character = 'export { '.length
  const hovers = await Promise.all(
    exported.map((_, line) =>
      request('textDocument/hover', { textDocument: { uri }, position: { line, character } }),
    ),
  )
  server.kill()
  return hovers.map(({ result }) => result?.contents?.value ?? '')
}
