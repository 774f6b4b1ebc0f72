/** How far a call has come, for the case that it is given up: what is committed is done, whoever waits for it. */
export interface Progress<A> {
  stage: 'working' | 'committing' | 'committed'
  /** What it waits for, in words. */
  awaits: string
  /** What it comes to, once the transaction that is at its end is committed, if that is the last one. */
  result: A | undefined
}

export const notStarted = <A>(): Progress<A> => ({
  stage: 'working',
  awaits: 'a connection',
  result: undefined,
})
