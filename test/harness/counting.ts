import type { Sending } from '@pgsr/driver'
import { Session } from '@pgsr/driver/effect'
import * as Effect from 'effect/Effect'
import * as Layer from 'effect/Layer'

/** A session that counts what it sends: each text is one round trip. */
export const counting = (layer: Layer.Layer<Session, unknown>) => {
  const sent: string[] = []
  const counted = Layer.effect(
    Session,
    Effect.map(Session, (session) => ({
      ...session,
      send: (text: string, sending?: Sending) => {
        sent.push(text)
        return session.send(text, sending)
      },
    })),
  ).pipe(Layer.provide(layer))
  return { sent, layer: counted }
}
