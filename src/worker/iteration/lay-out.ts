import { ensurePlainFolder, putAside } from '../../base/files/append-lines.ts';
import { writeLightly, writeWhole } from '../../base/files/atomic-file.ts';
import { readPlainFile } from '../../base/files/plain-file.ts';
import { BLANK_SIGNAL, MAX_SIGNAL_BYTES } from '../../session/documents/signal.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths, MAX_OVERVIEW_BYTES } from '../../session/layout/paths.ts';
import { record, type Worker } from '../core/worker.ts';
import { keepRunFolder } from '../guarding/run-folder.ts';
import { documentsPrint, mainCheckoutNow, type Snapshot } from '../guarding/snapshot.ts';
import { keepWorkBefore, notKept } from '../recording/keep-work.ts';

/** Prepares the start of an agent: blank signal, log folder, a checkpoint, and what to compare with when it has ended. */
export async function layOut(worker: Worker, open: OpenIteration): Promise<void> {
  const { paths } = worker;
  const files = iterationPaths(paths, open.iteration);
  ensurePlainFolder(paths.logs);
  if ((await readPlainFile(paths.signal, MAX_SIGNAL_BYTES)).kind === 'unusable') putAside(paths.signal);
  await writeWhole(paths.signal, BLANK_SIGNAL);
  const overview = await readPlainFile(paths.overview, MAX_OVERVIEW_BYTES);
  if (overview.kind === 'bytes') writeLightly(files.overviewBefore, overview.bytes);
  const keeping = keepWorkBefore(worker, open.iteration);
  const mainCheckout = await mainCheckoutNow(worker);
  const kept = await keeping;
  await record(worker, ...notKept(kept));
  const { worktree } = kept;
  const snapshot: Snapshot = { worktree, mainCheckout, documents: documentsPrint(worker) };
  await keepRunFolder(worker, open, (runFolder) =>
    writeWhole(files.before, `${JSON.stringify({ ...snapshot, runFolder })}\n`),
  );
}
