import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { OUTCOMES, type Outcome } from '../difficult-children/outcomes.ts';
import { type FaultRow, faultTable } from '../faults/fault-row.ts';
import { withSettings } from '../faults/with-settings.ts';

async function rowOf({ child, endings, settings, ends, lines }: Outcome): Promise<FaultRow> {
  const path = join(import.meta.dirname, '../difficult-children', `${child}.json`);
  return withSettings(settings ?? {}, {
    name: `a session of the ${child} ends as the README of the kit says`,
    rules: JSON.parse(await readFile(path, 'utf8')).rules,
    ends,
    ...(lines && { lines }),
    also: async (rig) => {
      const ended = (await rig.events()).flatMap((event) =>
        event.type === 'iteration_ended' ? [event.ending] : [],
      );
      expect(ended.slice(0, endings.length)).toEqual(endings);
    },
  });
}

faultTable(await Promise.all(OUTCOMES.map(rowOf)));
