import type { Extension } from '../../core/kernel/extension.ts';

export const POOL: Extension = {
  pools: {
    async requireMember(project, context) {
      const { requirePool } = await import('./membership/require-membership.ts');
      await requirePool(project, context);
    },
    async nameHere({ home }, configPath) {
      const { readPoolFile } = await import('./pool-file.ts');
      return (await readPoolFile(home))?.pools.find(({ config }) => config === configPath)?.name;
    },
    async isMember({ home }) {
      const { readPoolFile } = await import('./pool-file.ts');
      // Other commands report a file that cannot be read.
      const file = await readPoolFile(home).catch(() => undefined);
      return file !== undefined && file.pools.length > 0;
    },
    async known(context) {
      const { knownPools } = await import('./acts/status.act.ts');
      return await knownPools(context);
    },
  },
  checks: {
    title: 'Pool',
    checks: async (context) => (await import('./acts/pool-checks.ts')).poolChecks(context),
  },
};
