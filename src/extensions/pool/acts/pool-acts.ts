import type { PoolActs } from '../../../core/caller/context/pools.ts';

export const POOL_ACTS: readonly PoolActs[] = [
  {
    async requireMember(project, context) {
      const { requirePool } = await import('./require-pool.ts');
      return await requirePool(project, context);
    },
    async nameHere({ home }, configPath) {
      const { readPoolFile } = await import('../pool-file.ts');
      const membership = (await readPoolFile(home))?.pools.find(({ config }) => config === configPath);
      if (membership === undefined) return undefined;
      const { nameOf } = await import('../member-list.ts');
      return await nameOf(membership, home);
    },
    async isMember({ home }) {
      const { readPoolFile } = await import('../pool-file.ts');
      // Other commands report a file that cannot be read.
      const file = await readPoolFile(home).catch(() => undefined);
      return file !== undefined && file.pools.length > 0;
    },
    async known(context) {
      const { knownPools } = await import('./status.act.ts');
      return await knownPools(context);
    },
  },
];
