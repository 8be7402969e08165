import type { PoolActs } from '../../../core/caller/context/pools.ts';

export const POOL_ACTS: readonly PoolActs[] = [
  {
    async requireMember(project, context) {
      const { requirePool } = await import('./require-pool.ts');
      return await requirePool(project, context);
    },
    async nameHere({ home }) {
      const { readPoolFile } = await import('../pool-file.ts');
      return (await readPoolFile(home))?.host.name;
    },
  },
];
