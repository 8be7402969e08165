import type { ActionContext } from '../../actions/acting/context.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readSession } from '../../session/status.ts';
import { watchFiles } from '../../session/watching/watch-files.ts';
import { newSessionLogs } from './session-logs.ts';
import { isLive } from './session-rows.ts';

/** Tells when a session comes into the list of live ones, or goes from it. */
export interface ListWatch {
  /** Resolves when nothing can be missed any more; from then on it watches until `signal` is aborted. */
  begin(): Promise<void>;
  /** What the client was just given. */
  listed(live: readonly SessionView[]): void;
}

// Nobody needs a list within the blink of an eye, and it is watched in every chat that has ever asked for it.
const SPACING_MS = 100;
const LOOK_MS = 5000;

export function newListWatch(
  context: ActionContext,
  { signal, tell }: { signal: AbortSignal; tell: () => Promise<void> },
): ListWatch {
  const logs = newSessionLogs(context);
  let live = new Set<string>();
  const dirOf = new Map<string, string>();
  const isDifferent = async (path: string): Promise<boolean> => {
    const paths = logs.sessionOf(path);
    const dir = paths?.sessionDir ?? dirOf.get(path) ?? '';
    dirOf.set(path, dir);
    const view = paths && (await readSession(paths, context.host));
    const isNow = view !== undefined && isLive(view);
    if (isNow === live.has(dir)) return false;
    if (isNow) live.add(dir);
    else live.delete(dir);
    return true;
  };
  const goOn = async (changes: AsyncGenerator<string[]>): Promise<void> => {
    for await (const paths of changes) {
      let differs = false;
      for (const path of paths) differs = (await isDifferent(path)) || differs;
      if (differs) await tell();
    }
  };
  return {
    async begin() {
      const { clock } = context;
      const changes = watchFiles(logs.locate, { clock, signal, spacingMs: SPACING_MS, lookMs: LOOK_MS });
      const first = await changes.next();
      for (const path of first.value ?? []) dirOf.set(path, logs.sessionOf(path)?.sessionDir ?? '');
      // It lives as long as the connection; a failure ends the watch and nothing else.
      void goOn(changes).catch((error) => {
        if (!signal.aborted) process.stderr.write(`${String(error)}\n`);
      });
    },
    listed(views) {
      live = new Set(views.map(({ paths }) => paths.sessionDir));
    },
  };
}
