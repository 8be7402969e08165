/** Follows what is behind a resource; the first item comes when nothing can be missed any more. */
export type Follow = (signal: AbortSignal) => AsyncGenerator<unknown>;

/** What one connection follows, each under its name. */
export interface Subscriptions {
  /**
   * Calls `tell` after every change from now on, until the name is removed; a second time changes nothing.
   * @returns when nothing can be missed any more
   * @throws what `open` throws; the next call then begins anew
   */
  add(name: string, open: () => Promise<Follow>, tell: () => Promise<void>): Promise<void>;
  remove(name: string): void;
  close(): void;
}

/** @param refuseAt called with how many there are before one more begins */
export function newSubscriptions(refuseAt: (count: number) => void = () => {}): Subscriptions {
  const followed = new Map<string, { end: AbortController; begun: Promise<void> }>();
  const remove = (name: string) => {
    followed.get(name)?.end.abort();
    followed.delete(name);
  };
  return {
    async add(name, open, tell) {
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
        // It lives as long as the subscription; a failure ends that and nothing else.
        void tellEach(changes, tell).then(forget, (error) => {
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

async function tellEach(changes: AsyncGenerator<unknown>, tell: () => Promise<void>): Promise<void> {
  // Where it can't be told, this ends the watch.
  for await (const _change of changes) await tell();
}
