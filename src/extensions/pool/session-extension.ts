import { ownedElsewhere } from '../../core/session/folder/ownership.ts';
import { AUTO_ASSIGN } from '../../core/session/layout/owners.ts';
import type { SessionExtension } from '../../core/worker/state/extension.ts';
import { keepState } from './states/keep-state.ts';
import { isPoolTimeUp } from './states/ownership-record.ts';

const pool: SessionExtension = {
  async requireHeld(worker) {
    if (!worker.file.pool) return;
    const { requireHeldBy } = await import('./membership/require-held.ts');
    await requireHeldBy(worker, { ...worker, home: worker.watch.home });
  },
  // Its supervisor could be frozen while another machine takes over.
  async checkLease({ file, paths, host, clock }) {
    if (file.pool && (await isPoolTimeUp(paths, host))) await ownedElsewhere(paths, AUTO_ASSIGN, { clock });
  },
  async betweenAgents(worker) {
    if (worker.file.pool) await keepState(worker);
  },
};

export const POOL_SESSION_EXTENSIONS: readonly SessionExtension[] = [pool];
