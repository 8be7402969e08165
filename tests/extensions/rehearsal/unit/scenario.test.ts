import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { settingByKey } from '../../../../src/core/project/settings/settings.ts';
import { parsePlan } from '../../../../src/core/session/documents/plan.ts';
import { parseQa } from '../../../../src/core/session/documents/qa.ts';
import { newQa } from '../../../../src/core/session/documents/qa-change.ts';
import {
  actsFor,
  furtherActs,
  HONEST_ACTS,
  type Occasion,
  readScenario,
  Scenario,
} from '../../../../src/extensions/rehearsal/agent/scenario.ts';
import { fill } from '../../../../src/extensions/rehearsal/agent/situation.ts';
import { storyTexts } from '../../../../src/extensions/rehearsal/agent/story.ts';
import { OUTCOMES } from '../../../core/difficult-children/outcomes.ts';
import { lintQa } from '../../../support/lint-qa.ts';
import { DEMO_SCENARIO } from '../../../support/paper-boat.ts';
import { DIFFICULT_ACTS } from '../../../support/rehearsal/difficult-acts.ts';

const KIT = 'tests/core/difficult-children';
const FIRST: Occasion = {
  ...{ iteration: 1, phase: 'testing', count: 1 },
  ...{ questions: 'none', planPhase: 'none', reviewed: false },
};

beforeAll(() => {
  Object.assign(furtherActs, DIFFICULT_ACTS);
});

test('every scenario of the kit can be read and has a description', async () => {
  const names = (await readdir(KIT)).filter((name) => name.endsWith('.json'));
  const read = await Promise.all(names.map((name) => readScenario(join(process.cwd(), KIT, name))));
  expect(read).toHaveLength(11);
  expect(read.filter(({ about }) => !about)).toEqual([]);
});

test('the README of the kit names every scenario and every act', async () => {
  const readme = await readFile(join(KIT, 'README.md'), 'utf8');
  const acts = [...HONEST_ACTS.map(({ shape }) => shape.act.value), ...Object.keys(DIFFICULT_ACTS)];
  const names = (await readdir(KIT)).filter((name) => name.endsWith('.json'));
  expect([...acts, ...names].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test("the README of the kit has the final state of each scenario's session, as the soak suite plays it", async () => {
  const readme = await readFile(join(KIT, 'README.md'), 'utf8');
  const rows = OUTCOMES.map(
    ({ child, ends, endings, words }) => `| ${child} | \`${ends}\` | ${endings.join(', ')} | ${words} |\n`,
  );
  expect(readme).toContain(rows.join(''));
  const names = (await readdir(KIT)).filter((name) => name.endsWith('.json'));
  expect(OUTCOMES.map(({ child }) => `${child}.json`).sort()).toEqual(names.sort());
});

test('the first rule that matches iteration, phase and count is played, and none if no rule matches', () => {
  const { rules } = Scenario.parse({
    rules: [
      { when: { iteration: [5, 6] }, do: [{ act: 'say', text: 'five' }] },
      { when: { phase: 'testing', count: 2 }, do: [{ act: 'say', text: 'two' }] },
    ],
  });
  const texts = [FIRST, { ...FIRST, count: 2 }, { ...FIRST, iteration: 6, count: 2 }].map((occasion) =>
    actsFor(rules, occasion)?.map((act) => act.act === 'say' && act.text),
  );
  expect(texts).toEqual([undefined, ['two'], ['five']]);
});

test('placeholders are filled in, and a line whose value is empty is omitted', () => {
  expect(fill('a %{one}\n- as asked: %{two}\n{ b }', { one: '1', two: '' })).toBe('a 1\n{ b }');
});

test.each([
  ['honest work', {}],
  ['the demo', DEMO_SCENARIO],
])("the questions and the plan of %s comply with samocode's own rules", (_name, scenario) => {
  const { story } = Scenario.parse(scenario);
  expect(lintQa(parseQa(newQa(story)))).toEqual([]);
  const { phases, testing } = parsePlan(`# Plan\n${storyTexts(story).planned}\n`);
  expect([phases.map(({ number }) => number), testing]).toEqual([[1, 2, 3], undefined]);
  expect(phases.filter(({ steps }) => steps.total === 0)).toEqual([]);
});

test('the setting that names a scenario takes an absolute path alone', () => {
  const row = settingByKey('REHEARSAL_SCENARIO');
  expect(row?.parse('scenario.json')).toBeUndefined();
  expect(row?.parse('/tmp/scenario.json')).toBe('/tmp/scenario.json');
});
