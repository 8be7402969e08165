import { expect, test } from 'vitest';
import { installChecks } from '../../../../../src/extensions/setup/doctor/service-checks.ts';
import { install } from '../../../../../src/extensions/setup/install/install.ts';
import { ALL, emptyMachine } from './machine.ts';

const OFF = '{ "security": { "folderTrust": { "enabled": false } } } // mine';

test.each([
  ['no rule', {}, 'shop', true],
  ['a rule for it', { shop: 'TRUST_FOLDER' }, 'shop', false],
  ['a rule for its parent folder', { work: 'TRUST_FOLDER' }, 'work/shop', false],
  ['a rule for a neighbour', { 'shop-two': 'TRUST_FOLDER' }, 'shop', true],
  ['a rule for the parent of a neighbour', { 'work/else': 'TRUST_PARENT' }, 'work/shop', false],
  [
    'a longer rule that denies trust',
    { work: 'TRUST_FOLDER', 'work/shop': 'DO_NOT_TRUST' },
    'work/shop',
    true,
  ],
])('with %s in Gemini CLI, the doctor reports whether the folder must be trusted', async (...given) => {
  const [, rules, folder, isMissing] = given;
  await using machine = await emptyMachine();
  const at = (path: string) => `${machine.home}/${path}`;
  const absolute = Object.entries(rules).map(([path, level]) => [at(path), level]);
  await machine.write('.gemini/trustedFolders.json', JSON.stringify(Object.fromEntries(absolute)));
  await machine.addProgram('gemini', 'exit 9');
  const notes = async () => (await installChecks(machine.context, at(folder))).filter(isNote);
  expect(await notes()).toEqual([]);
  await install({ ...ALL, clients: ['gemini'] }, machine.context);
  const fix = `Trust the folder in Gemini first: start gemini in ${at(folder)} and choose to trust it.`;
  const warning = expect.objectContaining({ level: 'warn', fix });
  expect(await notes()).toEqual(isMissing ? [warning] : []);
  await machine.write('.gemini/settings.json', OFF);
  expect(await notes()).toEqual([]);
});

const isNote = ({ id }: { id: string }) => id === 'install.gemini.rules';
