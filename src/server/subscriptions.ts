/** Who listens to what, for one connection. */
export interface Subscriptions {
  /** Follows `changes` for a resource until it is removed; a second time changes nothing. */
  add(uri: string, changes: (signal: AbortSignal) => AsyncIterable<unknown>): void;
  remove(uri: string): void;
  close(): void;
}

export function newSubscriptions(tell: (uri: string) => Promise<void>): Subscriptions {
  const followed = new Map<string, AbortController>();
  const remove = (uri: string) => {
    followed.get(uri)?.abort();
    followed.delete(uri);
  };
  return {
    add(uri, changes) {
      if (followed.has(uri)) return;
      const end = new AbortController();
      followed.set(uri, end);
      // It lives as long as the subscription; a failure ends that and nothing else.
      void follow(uri, changes(end.signal), tell).catch((error) => {
        if (!end.signal.aborted) process.stderr.write(`${String(error)}\n`);
        if (followed.get(uri) === end) followed.delete(uri);
      });
    },
    remove,
    close: () => {
      for (const uri of [...followed.keys()]) remove(uri);
    },
  };
}

async function follow(
  uri: string,
  changes: AsyncIterable<unknown>,
  tell: (uri: string) => Promise<void>,
): Promise<void> {
  for await (const _ of changes) await tell(uri);
}
