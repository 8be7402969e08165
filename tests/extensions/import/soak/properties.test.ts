import { expect, test } from 'vitest';
import { folderProperties } from '../folder-properties.ts';

const RUNS = 10 * Number(process.env.SAMOCODE_PROPERTY_RUNS);

test.each(folderProperties)('$name, with many inputs', async (property) => {
  expect(RUNS).toBeGreaterThan(0);
  await property.run(RUNS);
});
