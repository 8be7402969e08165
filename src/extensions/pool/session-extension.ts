import type { SessionExtension } from '../../core/worker/core/session-extension.ts';

const pool: SessionExtension = {
  commands: {},
  performers: {},
  async requireHeld({ file, paths, env, host, clock, watch: { home } }) {
    const { requireHeldBy } = await import('./acts/require-held.ts');
    await requireHeldBy({ file, paths }, { env, home, host, clock });
  },
};

export const POOL_SESSION_EXTENSIONS: readonly SessionExtension[] = [pool];
