import { expect, test } from 'vitest';
import { ciIf } from '../../../../support/ci.ts';
import { FURTHER } from './further-ways.ts';
import { HONEST } from './honest.ts';
import { canPlay, playRow } from './play-row.ts';
import { OF_CHECKS } from './ways-of-checks.ts';
import { OF_RUNNERS } from './ways-of-runners.ts';

// The checks of a base on the work of a branch: git, clones and runners for real.

for (const row of [...OF_RUNNERS, ...OF_CHECKS, ...FURTHER, ...HONEST]) {
  const { name, asks, now, ci } = row;
  test.skipIf(!(await canPlay(row)))(`${name}: ${now}`, ciIf(ci), async () => {
    const played = await playRow(row);
    expect({ ...played.green, asks: played.asks, now: played.old.kind }).toEqual({
      ...{ base: true, branch: true },
      ...{ asks, now },
    });
  });
}
