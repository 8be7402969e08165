/** Yields at each change of a resource; the first item means that no later change is missed. */
export type Follow = (signal: AbortSignal) => AsyncGenerator<unknown>;

export interface Subscriptions {
  /**
   * Calls `notify` after every change until the name is removed; adding a name twice has no effect.
   * @returns once no later change can be missed
   */
  add(name: string, open: () => Promise<Follow>, notify: () => Promise<void>): Promise<void>;
  remove(name: string): void;
  close(): void;
}

/** @param refuseAt called with the current count before each new one; may throw */
export function newSubscriptions(refuseAt: (count: number) => void = () => {}): Subscriptions {
  const followed = new Map<string, { end: AbortController; begun: Promise<void> }>();
  const remove = (name: string) => {
    followed.get(name)?.end.abort();
    followed.delete(name);
  };
  return {
    async add(name, open, notify) {
      const known = followed.get(name);
      if (known) return await known.begun;
      refuseAt(followed.size);
      const end = new AbortController();
      const forget = () => {
        if (followed.get(name)?.end === end) followed.delete(name);
      };
      const begin = async () => {
        const changes = (await open())(end.signal);
        await changes.next();
        // Runs as long as the subscription; a failure ends only that.
        void notifyEach(changes, notify).then(forget, (error) => {
          forget();
          if (!end.signal.aborted) process.stderr.write(`${String(error)}\n`);
        });
      };
      const begun = begin();
      followed.set(name, { end, begun });
      await begun.catch((error) => {
        forget();
        throw error;
      });
    },
    remove,
    close: () => {
      for (const name of [...followed.keys()]) remove(name);
    },
  };
}

async function notifyEach(changes: AsyncGenerator<unknown>, notify: () => Promise<void>): Promise<void> {
  // A failed notification ends the subscription.
  for await (const _change of changes) await notify();
}
