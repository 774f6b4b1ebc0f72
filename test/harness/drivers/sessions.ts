import { Sessions, type SessionShape } from '@pgsr/driver/effect'
import * as Effect from 'effect/Effect'
import * as Layer from 'effect/Layer'

type Send = SessionShape['send']

/** Sessions that send in another way. */
export const sendingBy = (layer: Layer.Layer<Sessions>, by: (send: Send) => Send): Layer.Layer<Sessions> =>
  Layer.effect(
    Sessions,
    Effect.map(Sessions, ({ acquire }) => ({
      acquire: Effect.map(acquire, (session) => ({ ...session, send: by(session.send) })),
    })),
  ).pipe(Layer.provide(layer))

/** Sessions that count what they send: each text is one round trip. */
export const counting = (layer: Layer.Layer<Sessions>) => {
  const sent: string[] = []
  const counted = sendingBy(layer, (send) => (text, sending) => {
    sent.push(text)
    return send(text, sending)
  })
  return { sent, layer: counted }
}
