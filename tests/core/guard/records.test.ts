import { join } from 'node:path';
import { expect } from 'vitest';
import { filesBelow } from '../../../src/core/kernel/files/path-stats.ts';
import { faultTable } from '../faults/fault-row.ts';
import { LATE } from '../faults/late-costs.ts';

faultTable(
  LATE.map((row) => ({
    ...row,
    name: `in the guard ${row.name}, and nothing of it is among the person's records`,
    also: async (rig) => {
      await row.also?.(rig);
      const home = rig.context().home;
      const records = ['.codex', '.gemini'].flatMap((name) => filesBelow(join(home, name)));
      expect(records).toEqual([]);
    },
  })),
  { sandbox: 'guard' },
);
