import pg from 'pg'
import type { Driver } from '../harness/drivers/drivers.ts'
import { dropShared, type Specimen } from '../harness/holdings/every-kind.ts'
import type { ActorKind } from '../harness/sandbox/actor.ts'
import { openSandbox, type Sandbox } from '../harness/sandbox/sandbox.ts'
import { connectionTo, type TestServer } from '../harness/servers/servers.ts'
import { makeStage, type Stage } from './world.ts'

/** A stage, and a connection of a superuser to its database. */
export interface OpenStage {
  readonly box: Sandbox
  readonly stage: Stage
  readonly client: pg.Client
  readonly close: () => Promise<void>
}

export const openStage = async (server: TestServer, driver: Driver, kind: ActorKind): Promise<OpenStage> => {
  const box = await openSandbox(server, driver, kind)
  const stage = await makeStage(box)
  const client = new pg.Client(connectionTo(server, box.database))
  await client.connect()
  const made = stage.subjects.filter(({ name }) => name[0] !== box.database && name[0] !== 'work_mem')
  return {
    box,
    stage,
    client,
    close: async () => {
      await client.end()
      await dropShared(box, made as unknown as readonly Specimen[])
      await box.end()
    },
  }
}
