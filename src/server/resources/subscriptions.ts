import { InvalidParamsError } from '../calls/invalid-params.ts';

/** Follows what stands behind a resource; the first item comes when nothing can be missed any more. */
export type Follow = (signal: AbortSignal) => AsyncGenerator<unknown>;

/** Who listens to what, for one connection. */
export interface Subscriptions {
  /**
   * Tells of every change from now on, until the resource is removed; a second time changes nothing.
   * @throws InvalidParamsError beyond the bound, and what `open` throws
   */
  add(uri: string, open: () => Promise<Follow>): Promise<void>;
  remove(uri: string): void;
  close(): void;
}

/** Each costs a few watched folders and a look every second. */
const MAX_SUBSCRIPTIONS = 256;

export function newSubscriptions(tell: (uri: string) => Promise<void>): Subscriptions {
  const followed = new Map<string, AbortController>();
  const remove = (uri: string) => {
    followed.get(uri)?.abort();
    followed.delete(uri);
  };
  return {
    async add(uri, open) {
      if (followed.has(uri)) return;
      if (followed.size >= MAX_SUBSCRIPTIONS) throw tooMany();
      const end = new AbortController();
      followed.set(uri, end);
      const forget = () => {
        if (followed.get(uri) === end) followed.delete(uri);
      };
      try {
        const changes = (await open())(end.signal);
        await changes.next();
        // It lives as long as the subscription; a failure ends that and nothing else.
        void tellEach(changes, () => tell(uri)).then(forget, (error) => {
          forget();
          if (!end.signal.aborted) process.stderr.write(`${String(error)}\n`);
        });
      } catch (error) {
        forget();
        throw error;
      }
    },
    remove,
    close: () => {
      for (const uri of [...followed.keys()]) remove(uri);
    },
  };
}

async function tellEach(changes: AsyncGenerator<unknown>, tell: () => Promise<void>): Promise<void> {
  // Where it can't be told, this ends the watch.
  for await (const _change of changes) await tell();
}

function tooMany(): InvalidParamsError {
  return new InvalidParamsError(
    `There are ${MAX_SUBSCRIPTIONS} subscriptions already. Unsubscribe from some, or subscribe to samocode://sessions.`,
  );
}
