import { type ClusterSettings, startCluster } from '../../harness/servers/cluster.ts'
import { type Combination, openStage, type Stage } from '../bench-database.ts'

/** A server that no other scenario has seen. */
export interface OwnServer {
  readonly stage: Stage
  readonly stop: () => Promise<void>
}

/** @param settings what it has besides what all servers have */
export const ownServer = async (
  { major, role, driver }: Combination,
  settings: ClusterSettings = {},
): Promise<OwnServer> => {
  const server = await startCluster(major, { set: settings })
  const stage = await openStage(server, { major, role, driver }).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  return {
    stage,
    stop: async () => {
      await stage.close()
      await server.stop()
    },
  }
}

/** Does something on one. */
export const onOwnServer = async <T>(
  combination: Combination,
  settings: ClusterSettings,
  work: (stage: Stage) => Promise<T>,
): Promise<T> => {
  const { stage, stop } = await ownServer(combination, settings)
  return work(stage).finally(stop)
}
