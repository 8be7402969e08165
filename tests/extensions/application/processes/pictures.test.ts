import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { removeOlder } from '../../../../src/extensions/application/pictures/take-both.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('pictures that are neither shown nor about to be are removed before new ones are taken', async () => {
  await using dir = await tempDir();
  const [old, base, first, shown, next] = ['a', 'b', 'c', 'd', 'e'].map(
    (one) => `${one.repeat(40)}-0123456789ab`,
  );
  const files = [`${old}/one/1-1280.png`, `${base}/one/1-1280.png`, `${base}/two/1-1280.png`];
  for (const file of [...files, ...[first, shown, next].map((name) => `${name}/1-1280.png`), 'mine/a.png']) {
    mkdirSync(dirname(join(dir.path, file)), { recursive: true });
    writeFileSync(join(dir.path, file), '');
  }
  const at = (name: string) => ({ file: `pictures/${name}/1-1280.png`, hash: '', width: 1280, height: 900 });
  const pages = [{ page: '/', width: 1280, before: at(`${base}/one`), after: at(`${shown}`) }];
  await removeOlder(dir.path, { shown: { pages }, folders: [`${base}`, `${next}`] });
  expect(readdirSync(dir.path).sort()).toEqual([base, shown, next, 'mine']);
  await removeOlder(join(dir.path, 'none'), { shown: undefined, folders: [`${base}`] });
});
