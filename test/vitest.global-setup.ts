import type { TestProject } from 'vitest/node'
import { startServers, type TestServer } from './harness/servers/servers.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly servers: readonly TestServer[]
  }
}

/** Starts the servers once for the whole run; a test file takes them with `inject('servers')`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { servers, stop } = await startServers()
  project.provide('servers', servers)
  return stop
}
