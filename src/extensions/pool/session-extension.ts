import { isoUtc } from '../../core/kernel/clock.ts';
import { giveLease, ownerElsewhere } from '../../core/kernel/processes/lease.ts';
import { OFFERED } from '../../core/session/layout/fence.ts';
import type { SessionExtension } from '../../core/worker/state/extension.ts';
import { keepState } from './states/keep-state.ts';
import { isPoolTimeUp } from './states/mark.ts';

const pool: SessionExtension = {
  async requireHeld(worker) {
    if (!worker.file.pool) return;
    const { requireHeldBy } = await import('./membership/require-held.ts');
    await requireHeldBy(worker, { ...worker, home: worker.watch.home });
  },
  // Its supervisor could be frozen while another machine takes over.
  async checkLease({ file, paths, host, clock }) {
    if (file.pool && (await isPoolTimeUp(paths, host)))
      await giveLease(paths.leases, { owner: ownerElsewhere(OFFERED), acquiredAt: isoUtc(clock.now()) });
  },
  async betweenAgents(worker) {
    if (worker.file.pool) await keepState(worker);
  },
};

export const POOL_SESSION_EXTENSIONS: readonly SessionExtension[] = [pool];
