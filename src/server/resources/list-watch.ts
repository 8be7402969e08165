import type { ActionContext } from '../../actions/context.ts';
import { readSession } from '../../session/status.ts';
import { watchFiles } from '../../session/watch-files.ts';
import { newSessionLogs } from './session-logs.ts';
import { isLive } from './session-rows.ts';

/** A session writes several events in a row, and nobody needs a list within the blink of an eye. */
const SPACING_MS = 100;

/**
 * Tells when a session comes into the list of live ones, or goes from it. Ends when aborted.
 * @param begun called once when nothing can be missed any more
 */
export async function watchList(
  context: ActionContext,
  { signal, tell, begun }: { signal: AbortSignal; tell: () => Promise<void>; begun: () => void },
): Promise<void> {
  const logs = newSessionLogs(context);
  const live = new Set<string>();
  let isFirst = true;
  for await (const changed of watchFiles(logs.locate, {
    clock: context.clock,
    signal,
    spacingMs: SPACING_MS,
  })) {
    let differs = false;
    for (const path of changed) {
      const paths = logs.sessionOf(path);
      const view = paths && (await readSession(paths, context.host));
      const isNow = view !== undefined && isLive(view);
      if (isNow !== live.has(path)) differs = true;
      if (isNow) live.add(path);
      else live.delete(path);
    }
    if (differs && !isFirst) await tell();
    if (isFirst) begun();
    isFirst = false;
  }
}
